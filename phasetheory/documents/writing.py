"""The derivation as a document: what is assumed, every substitution, what is proved and what is argued."""

from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import render
from phasetheory.documents.dynamics import checks_section, dynamics_sections
from phasetheory.documents.scaling import scaling_sections
from phasetheory.errors import TheoryError, shown
from phasetheory.scaling.optimizers import GRADIENT_FLOW

__all__ = ["write"]


def write(derivation: Derivation, form: str = "text") -> str:
    """A derivation as a document.

    Parameters
    ----------
    derivation : Derivation
        See :func:`phasetheory.derive`.
    form : str
        ``'text'`` for a terminal, ``'markdown'`` with TeX formulas, or ``'latex'``, a complete document.

    Examples
    --------
    >>> from phasetheory.documents.derivation import derive
    >>> print(write(derive(), "markdown").splitlines()[0])
    # The phase diagram of a 2-layer relu network, derived
    """
    if not isinstance(derivation, Derivation):
        raise TheoryError(f"derivation = {shown(derivation)}; give what phasetheory.derive() returns")
    sections = [*dynamics_sections(derivation), *scaling_sections(derivation), checks_section(derivation)]
    return render(sections, form, _title(derivation))


def _title(derivation: Derivation) -> str:
    name = f": {derivation.network.name}" if derivation.network is not None and derivation.network.name else ""
    activation = derivation.activation.name.replace("_", " ")
    under = "" if derivation.optimizer == GRADIENT_FLOW else f" under {derivation.optimizer.title}"
    return f"The phase diagram of a {derivation.depth}-layer {activation} network{under}, derived{name}"
