"""How many standard errors each of several comparisons needs, so that all hold together.

Distributions are those of scipy.special: scipy.stats, which has them under better names, takes half
a second to import, and whether another round is wanted is asked at every start.
"""

from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.special import chdtri, gammaln, ndtr, ndtri, stdtrit, xlogy

#: of one interval by itself
SINGLE_LEVEL = 0.95
#: of all that is said of the ranked tools, together
LEVEL = 0.95
#: of the comparisons with the baseline, together: what is left of the one budget is for other pairs
BASELINE_LEVEL = 0.966

#: degrees of freedom at which values are computed; between them by a spline in 1 / df
NODES = np.array([1, 1.5, 2, 3, 4, 6, 9, 14, 24, 50, 150, np.inf])


def single(df):
    """Return the two-sided 95 % critical value of Student's t for an array of ``df``."""
    return _t_quantile((1 + SINGLE_LEVEL) / 2, df)


def _t_quantile(p, df):
    """Return the quantile of Student's t, for an array of ``df``, which may be infinite."""
    return np.where(np.isinf(df), ndtri(p), stdtrit(df, p))


def simultaneous(df, tools, baseline):
    """Return (for pairs with the baseline, for any pair): critical values for an array of ``df``.

    ``tools``: how many are compared, at least 2, the baseline among them; ``baseline``: whether
    there is one (else both are the same). With equal variances and as many runs each, all
    comparisons with the baseline hold together with ``BASELINE_LEVEL`` (Dunnett 1955,
    https://doi.org/10.1080/01621459.1955.10501294), and those together with all other pairs with
    ``LEVEL``; without a baseline the second is Tukey's. With other variances each pair's own
    degrees of freedom are used, as Games and Howell do (1976,
    https://doi.org/10.3102/10769986001002113). Below 1 ``df`` counts as 1.
    """
    at = 1 / np.maximum(np.asarray(df, float), 1.0)
    return tuple(np.exp(curve(at)) for curve in _curves(int(tools), bool(baseline)))


@lru_cache(maxsize=256)
def _curves(tools, baseline):
    found = [_values(tools, baseline, df) for df in NODES]
    at = 1 / NODES[::-1]
    return tuple(CubicSpline(at, np.log(each)[::-1]) for each in zip(*found, strict=True))


def _values(tools, baseline, df):
    """Return the two critical values at one ``df``."""
    top = 1.001 * float(_t_quantile(1 - (1 - LEVEL) / tools**2, df))
    any_pair = brentq(lambda c: _hold(c, c, tools, df) - LEVEL, 1, top, xtol=1e-5)
    if not baseline or tools == 2:
        return any_pair, any_pair
    fixed = brentq(lambda c: _hold(c, None, tools, df) - BASELINE_LEVEL, 1, top, xtol=1e-5)
    if fixed >= any_pair:
        return any_pair, any_pair
    return fixed, brentq(lambda c: _hold(fixed, c, tools, df) - LEVEL, fixed, 2 * fixed, xtol=1e-5)


def _hold(fixed, any_pair, tools, df):
    """Return the probability that no comparison of equal tools exceeds its critical value.

    ``fixed``: of the first tool with each other one; ``any_pair``: of any two, at least
    ``fixed``, or None where only the first is compared. The estimates' common error is
    integrated over, then the first tool's mean, then the least of all means.
    """
    scale, weight = _scales(df)
    near = np.sqrt(2) * fixed * scale[:, None, None]
    z, z_weight = _normal()
    z = z[None, :, None]
    others = tools - 1
    if any_pair is None:
        inside = (ndtr(z + near) - ndtr(z - near)) ** others
        return float(weight @ (inside[:, :, 0] @ z_weight))
    far = np.sqrt(2) * any_pair * scale[:, None, None]
    # The first has the least mean, or another one has, at z - near * u.
    first = (ndtr(z + near) - ndtr(z)) ** others
    unit, unit_weight = _legendre(20)
    reach = np.minimum(near, z + 9)  # below -9 there is nothing
    reach = np.maximum(reach, 0)
    x = z - reach * unit
    between = ndtr(np.minimum(x + far, z + near)) - ndtr(x)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    least = others * density * between ** (others - 1) * reach
    total = first[:, :, 0] + least @ unit_weight
    return float(weight @ (total @ z_weight))


@lru_cache(maxsize=32)
def _scales(df):
    """Return nodes and weights of the distribution of an estimated over the true sd."""
    if np.isinf(df):
        return np.ones(1), np.ones(1)
    low, high = np.sqrt(chdtri(df, [1 - 1e-9, 1e-9]) / df).tolist()
    # Squared, for a critical value is large and all happens at small scales when df is small.
    unit, weight = _legendre(36)
    scale = low + (high - low) * unit**2
    # The density of chi-squared at df * scale**2, but for a factor.
    density = np.exp(xlogy(df / 2 - 1, df * scale**2 / 2) - df * scale**2 / 2 - gammaln(df / 2))
    weight = weight * unit * density * scale
    return scale, weight / weight.sum()


@lru_cache(maxsize=1)
def _normal():
    unit, weight = _legendre(32)
    z = -7 + 14 * unit
    weight = weight * np.exp(-(z**2) / 2)
    return z, weight / weight.sum()


@lru_cache(maxsize=8)
def _legendre(count):
    """Return nodes and weights of Gauss and Legendre on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2
