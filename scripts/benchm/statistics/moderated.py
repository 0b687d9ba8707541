"""How much each tool's times scatter, when each has a few runs only."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln

#: prior degrees of freedom that are weighed against each other; the last one: all alike
PRIOR_DF = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0, 1e6])
#: all alike gets e times the weight of each other: what is simpler needs no proof
PRIOR_WEIGHT = np.r_[np.zeros(len(PRIOR_DF) - 1), 1.0]

#: of the typical variance of a study (the geometric mean): no tool is taken to scatter less
FLOOR = 1.0


@dataclass(frozen=True)
class Variances:
    """``each`` (S, K), of one log time of each tool; ``df`` (S, K), of how many degrees of freedom
    it is, those of the prior and its own, where the prior is known exactly; ``share`` (S, K), the
    prior's part in it, which is known as well as the pool; ``pooled`` (S,), of all alike;
    ``pooled_df``."""

    each: np.ndarray
    df: np.ndarray
    share: np.ndarray
    pooled: np.ndarray
    pooled_df: int


def variances(squares, shape, floor=FLOOR):
    """Return the Variances of S studies: ``squares`` (S, K) of residuals in a ``two_way.Layout``.

    Each tool's mean square is drawn towards the pool of all, the more the fewer its runs and
    the more the tools' mean squares agree (Smyth 2004, https://doi.org/10.2202/1544-6115.1027):
    the mean squares are taken as draws of scale x F(own df, prior df). Smyth takes one prior
    df from the spread of all; from ten tools with two degrees of freedom each it is known badly,
    and taking it as known makes intervals too narrow (report/statistics.md). So several are
    weighed by their likelihood, each with the scale that fits it best. No variance is below
    the typical one: a few runs that happen to agree do not show a steadier tool.
    """
    count, tools = squares.shape
    if shape.residual_df < 1:
        nothing = np.full((count, tools), np.nan)
        return Variances(nothing, nothing, nothing, nothing[:, 0], 0)
    pooled = squares.sum(1) / shape.residual_df
    known = shape.own_df > 0
    df = shape.own_df[known]
    # In units of the pool; nothing at all, where times are rounded, is as good as very little.
    unit = np.where(pooled > 0, pooled, 1.0)[:, None]
    ratio = np.maximum(squares[:, known] / shape.own[known] / unit, 1e-4)
    weight, scale = _priors(ratio, df)
    prior = PRIOR_DF[None, :, None]
    drawn = np.ones((count, len(PRIOR_DF), tools)) * scale[:, :, None]
    drawn[:, :, known] = (prior * drawn[:, :, known] + df * ratio[:, None, :]) / (prior + df)
    each = np.einsum("sg,sgk->sk", weight, drawn)
    share = weight @ (PRIOR_DF[:, None] / (PRIOR_DF[:, None] + shape.own_df))
    inverse_df = weight @ (1 / (PRIOR_DF[:, None] + shape.own_df))
    # Residuals hold what others did in the same round: one erratic tool makes all look erratic.
    unmixed = each @ np.linalg.pinv(shape.mixing, rcond=1e-6).T
    each = np.maximum(unmixed, each / 4)
    typical = np.exp(np.log(each).mean(1, keepdims=True))
    each = np.maximum(each, floor * typical) * pooled[:, None]
    return Variances(each, 1 / inverse_df, share, pooled, shape.residual_df)


def _priors(ratio, df):
    """Return weights (S, G) of the prior degrees of freedom and the scale (S, G) of each.

    ``ratio`` (S, K): mean squares; ``df`` (K,): theirs. The scale is the most likely one:
    the harmonic mean of the variances that it leads to.
    """
    prior = PRIOR_DF[None, :, None]
    observed = ratio[:, None, :]
    low = np.full((len(ratio), len(PRIOR_DF)), -12.0)
    high = np.full_like(low, 6.0)
    for _ in range(36):
        middle = (low + high) / 2
        scale = np.exp(middle)[:, :, None]
        drawn = (prior * scale + df * observed) / (prior + df)
        above = (scale / drawn).mean(2) > 1
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    scale = np.exp((low + high) / 2)
    scale[:, -1] = 1.0
    part = df * observed / (prior * scale[:, :, None])
    likelihood = (
        df / 2 * np.log(part) - (df + prior) / 2 * np.log1p(part) - betaln(df / 2, prior / 2)
    )
    total = likelihood.sum(2) + PRIOR_WEIGHT
    weight = np.exp(total - total.max(1, keepdims=True))
    return weight / weight.sum(1, keepdims=True), scale
