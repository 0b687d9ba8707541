"""What a fit says of every tool and of every two of them: differences and standard errors.

All is of log times and batched over studies, as in ``two_way``.
"""

from dataclasses import dataclass

import numpy as np

from . import critical, moderated, two_way

#: differences of log times below this are rounding: nobody prints ratios of 1.000000001
SAME = 1e-9


@dataclass(frozen=True)
class Contrasts:
    """Of S studies of K tools.

    ``means`` (S, K): log seconds; ``mean_half`` (S, K): half of their single 95 % intervals, rounds
    drawn anew; ``difference``, ``error``, ``df`` (S, K, K): of row minus column, in the same
    rounds, its standard error and the degrees of freedom of that. Not a number where no variance
    is known. Besides ``residual_sd`` (S,), ``residual_df`` and ``round_sd`` (S,).
    """

    means: np.ndarray
    mean_half: np.ndarray
    difference: np.ndarray
    error: np.ndarray
    df: np.ndarray
    residual_sd: np.ndarray
    residual_df: int
    round_sd: np.ndarray


def contrasts(logs, present):
    """Return the Contrasts of ``logs`` (S x K x N, of seconds), of which ``present`` (K, N) exist.

    Degrees of freedom are those of Satterthwaite (1946, https://doi.org/10.2307/3002019) for
    a sum of variances, with the doubt about the prior, which all tools share; and never more
    than all residuals have.
    """
    shape = two_way.layout(present)
    found = two_way.fit(logs, shape)
    of = moderated.variances(found.squares, shape)
    rounds = _per_df(found.round_squares, shape.round_df)
    noise = _per_df(of.each @ shape.round_noise, shape.round_df)
    round_variance = np.maximum(rounds - noise, 0.0)

    own = np.einsum("iis->is", shape.products)
    pairs = own[:, None, :] + own[None, :, :] - 2 * shape.products
    again = np.diag(shape.round_products)
    shared = again[:, None] + again[None, :] - 2 * shape.round_products
    variance, df = _sum_of_variances(np.maximum(pairs, 0.0), of)
    variance, df = _with_rounds(
        variance, df, np.where(shared > SAME, shared, 0.0), round_variance, shape.round_df
    )
    # A tool's mean: the mean squares of rounds hold a part of the errors already.
    beside = own - again[:, None] * shape.round_noise / max(shape.round_df, 1)
    beside = _sum_of_variances(np.where(np.abs(beside) > SAME, beside, 0.0), of)
    return Contrasts(
        means=found.means,
        mean_half=_half(*beside, again * rounds[:, None], max(shape.round_df, 1)),
        difference=found.means[:, :, None] - found.means[:, None, :],
        error=np.sqrt(variance),
        df=df,
        residual_sd=np.sqrt(of.pooled),
        residual_df=shape.residual_df,
        round_sd=np.sqrt(round_variance),
    )


def _per_df(squares, df):
    return squares / df if df else np.full(len(squares), np.nan)


def _sum_of_variances(factors, of):
    """Return (variance, df) of sums of the tools' variances with ``factors`` (..., K)."""
    flat = factors.reshape(-1, factors.shape[-1])
    shape = (len(of.each), *factors.shape[:-1])
    if not of.pooled_df:  # nothing times an unknown variance is nothing
        unknown = np.where((flat != 0).any(1), np.nan, 0.0)
        return np.broadcast_to(unknown, (shape[0], len(flat))).reshape(shape), np.full(shape, 1.0)
    variance = np.maximum(of.each @ flat.T, 0.0)
    doubt = (of.each**2 / of.df) @ flat.T**2
    doubt += ((of.each * of.share) @ flat.T) ** 2 / of.pooled_df
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(variance > 0, variance**2 / doubt, of.pooled_df)
    # No more than all residuals have, whatever single tools add up to.
    return variance.reshape(shape), np.minimum(df, of.pooled_df).reshape(shape)


def _with_rounds(variance, df, factor, rounds, round_df):
    """Return (variance, df) with ``factor`` times the variance of rounds added."""
    part = factor[None] * rounds.reshape(-1, *[1] * factor.ndim)
    part = np.where(factor[None] == 0, 0.0, part)
    total = variance + part
    with np.errstate(divide="ignore", invalid="ignore"):
        doubt = variance**2 / df + part**2 / max(round_df, 1)
        return total, np.where(part == 0, df, np.where(total > 0, total**2 / doubt, 1.0))


def _half(variance, df, rounds, round_df):
    """Return half of the 95 % interval of an estimate with two parts of variance.

    Satterthwaite's approximation is too narrow where both count and ``round_df`` is small;
    Cochran's (1964, Biometrics 20, 191), which averages the two critical values, is too wide;
    their mean holds (report/statistics.md).
    """
    total = variance + rounds
    with np.errstate(divide="ignore", invalid="ignore"):
        both = np.where(total > 0, total**2 / (variance**2 / df + rounds**2 / round_df), 1.0)
        part = np.where(total > 0, rounds / total, 0.0)
    averaged = part * critical.single(round_df) + (1 - part) * critical.single(df)
    return np.sqrt(total) * (critical.single(both) + averaged) / 2


def versus_best(found, ranked, values):
    """Return (difference, low, high) to the least mean of the ``ranked`` tools, (S, R) each.

    ``values`` (S, R, R): critical values of any pair of them. If each difference d_ij of two means
    is within its error e_ij, then m_i - min m = max_j d_ij is between the largest d_ij - e_ij and
    the largest d_ij + e_ij: as Hsu's comparison with the best (Annals of Statistics 12, 1984,
    1136), but of all pairs, so that several equally fast tools are protected too. Never below 0.
    """
    difference = found.difference[:, ranked][:, :, ranked]
    error = values * found.error[:, ranked][:, :, ranked]
    error[:, range(len(ranked)), range(len(ranked))] = 0.0
    low, high = (difference - error).max(2), (difference + error).max(2)
    return difference.max(2), np.where(low > SAME, low, 0.0), np.maximum(high, 0.0)


def tiers(found, ranked, values):
    """Return the tier (S, R) of each of the ``ranked`` tools, 1 for those that may be fastest.

    The first tier is of the tools whose interval versus the best reaches 0; the next one of those
    for which it does so among the tools that are left; and so on.
    """
    difference = found.difference[:, ranked][:, :, ranked]
    slower = difference - values * found.error[:, ranked][:, :, ranked] > SAME
    slower[:, range(len(ranked)), range(len(ranked))] = False
    tier = np.zeros(slower.shape[:2], int)
    number = 0
    while (tier == 0).any():
        number += 1
        left = tier == 0
        beaten = (slower & left[:, None, :]).any(2)
        tier[left & ~beaten] = number
    return tier


def critical_values(found, ranked, baseline):
    """Return critical values (S, K, K) of each two tools, for all of which together they hold.

    ``ranked``: indices of the tools that are compared; ``baseline``: index of the tool fixed in
    advance, or None. Pairs with the baseline have their own, so that no tool is slower than
    the baseline in one column and as fast in another one.
    """
    count = len({*ranked, *([] if baseline is None else [baseline])})
    if count < 2:
        return np.full(found.df.shape, np.nan)
    with_baseline, any_pair = critical.simultaneous(found.df, count, baseline is not None)
    if baseline is not None:
        any_pair[:, baseline] = with_baseline[:, baseline]
        any_pair[:, :, baseline] = with_baseline[:, :, baseline]
    return any_pair
