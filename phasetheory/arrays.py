"""What counts as an array of real numbers; NumPy is imported where it is used."""

from numbers import Real
from typing import TYPE_CHECKING, Any

from phasetheory.errors import TheoryError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["real_array"]


def real_array(values: Any, name: str) -> "np.ndarray":
    """Float64, refused where reading the values as floats would lose something: a mask, an imaginary part, a unit of time."""
    import numpy as np

    try:
        array = np.asanyarray(values)
        if isinstance(array, np.ma.MaskedArray):
            raise TheoryError(f"{name} are a masked array; fill or drop what is masked first")
        objects = array.flat if array.dtype.kind == "O" else ()
        if array.dtype.kind not in "biufO" or not all(isinstance(value, Real) for value in objects):
            raise TheoryError(f"{name} have the type {array.dtype}; give real numbers")
        return np.array(array, dtype=float)
    except TheoryError:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise TheoryError(f"{name} are not an array of real numbers; give rows of equal length") from error
