# mypy: disable-error-code="no-untyped-def, call-overload"
"""Eigenvectors of a symmetric matrix. A few rows are turned by hand: LAPACK takes three times as long for four of them."""

import numpy as np
from numba import njit

from numerics.kernels.stages import COUNTED, UNCOUNTED

__all__ = ["MOST_TURNED", "eigen"]

#: Rows up to which Jacobi's rotations are the faster way.
MOST_TURNED = 8
_SWEEPS = 30  # five or six do
_NOTHING = 1e-18  # of the trace: an entry that is rounding


_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_OPTIONS, **UNCOUNTED)
def eigen(matrix, values, vectors, work):
    """Eigenvalues (n,), in no order, and eigenvectors in rows (n, n); ``work`` (n, n): room. Only the lower half is read."""
    n = values.size
    if n > MOST_TURNED:
        _by_lapack(matrix, values, vectors)
        return
    scale = 0.0
    for i in range(n):
        scale += abs(matrix[i, i])
        for k in range(n):
            work[i, k] = matrix[i, k]
            vectors[i, k] = 1.0 if i == k else 0.0
    for _ in range(_SWEEPS):
        turned = False
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(work[q, p]) > _NOTHING * scale:
                    turned = True
                    _turn(p, q, work, vectors)
        if not turned:
            break
    for i in range(n):
        values[i] = work[i, i]


@njit(**_OPTIONS, **COUNTED)
def _by_lapack(matrix, values, vectors):
    found, columns = np.linalg.eigh(matrix)
    for i in range(values.size):  # loops: assignments of arrays would take seconds to compile
        values[i] = found[i]
        for k in range(values.size):
            vectors[i, k] = columns[k, i]


@njit(forceinline=True, **_OPTIONS)
def _turn(p, q, work, vectors):
    """Rotate rows and columns p < q of the lower half so that their entry vanishes (Golub and Van Loan, 8.5)."""
    n, entry = work.shape[0], work[q, p]
    half = 0.5 * (work[q, q] - work[p, p])
    tangent = entry / (half + np.copysign(np.sqrt(half * half + entry * entry), half))
    cosine = 1.0 / np.sqrt(1.0 + tangent * tangent)
    sine = tangent * cosine
    work[p, p] -= tangent * entry
    work[q, q] += tangent * entry
    work[q, p] = 0.0
    for k in range(n):
        if k != p and k != q:  # a tuple looked through is a function more to compile
            i, j = (p, k) if k < p else (k, p)
            r, s = (q, k) if k < q else (k, q)
            a, b = work[i, j], work[r, s]
            work[i, j], work[r, s] = cosine * a - sine * b, sine * a + cosine * b
        a, b = vectors[p, k], vectors[q, k]
        vectors[p, k], vectors[q, k] = cosine * a - sine * b, sine * a + cosine * b
