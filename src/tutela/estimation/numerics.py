"""What is used of SciPy, which comes with the extra `figures`: loaded when it is used."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutela.estimation.errors import NoFigures

Floats = NDArray[np.float64]


@cache
def _special() -> Any:
    try:
        from scipy import special
    except ImportError as error:
        raise NoFigures from error
    return special


@cache
def _optimize() -> Any:
    try:
        from scipy import optimize
    except ImportError as error:
        raise NoFigures from error
    return optimize


def linprog(goal: Floats, equal: Floats, totals: Floats) -> float | None:
    """The largest -goal·x with equal·x = totals and x >= 0; None if there is no such x."""
    ran = _optimize().linprog(goal, A_eq=equal, b_eq=totals, method="highs")
    return -float(ran.fun) if ran.status == 0 else None


def normal_share(z: Any) -> Any:
    """Share of a standard normal distribution that lies below z."""
    return _special().ndtr(z)


def normal_quantile(share: Any) -> Any:
    return _special().ndtri(share)


def log_factorial(counts: Floats) -> Floats:
    """log(n!), each."""
    found: Floats = _special().gammaln(counts + 1)
    return found


def root(of: Any, low: float, high: float) -> float:
    """Where a function of one number, of other sign at `low` than at `high`, is 0."""
    return float(_optimize().brentq(of, low, high, xtol=1e-8))


def log_surprise(means: Floats, counts: Floats) -> Floats:
    """log of the smaller of P(X <= n) and P(X >= n), for Poisson X of each mean.

    Where that is too small for a float, its leading term (Stirling), so that it still orders.
    """
    special = _special()
    below = special.gammaincc(counts + 1, means)
    above = np.where(counts > 0, special.gammainc(np.maximum(counts, 1), means), 1.0)
    share = np.minimum(below, above)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = counts * np.log(means / counts) + counts - means
        far -= 0.5 * np.log(2 * np.pi * np.maximum(counts, 1))
        far = np.where(counts > 0, far, -means)
        return np.where(share > 1e-290, np.log(share), far)
