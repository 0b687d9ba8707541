"""What else could have been done with the same runs: to be compared with what the report does."""

from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from unittest import mock

import numpy as np
from scipy import special, stats

from benchm.statistics import moderated
from benchm.statistics.moderated import Variances

_ours = moderated.variances


def pooled(squares, shape):
    """All tools scatter alike: one variance, as in an analysis of variance."""
    common = squares.sum(1) / shape.residual_df
    each = np.repeat(common[:, None], squares.shape[1], axis=1)
    return Variances(
        each, np.full_like(each, np.inf), np.ones_like(each), common, shape.residual_df
    )


def not_below_pool(squares, shape):
    """As the report, but no tool is taken to be steadier than the pool of all."""
    found = _ours(squares, shape, floor=0.0)
    return replace(found, each=np.maximum(found.each, found.pooled[:, None]))


def own(squares, shape):
    """Each tool by itself, as in Welch's test."""
    each = squares / shape.own
    df = np.broadcast_to(shape.own_df, each.shape)
    common = squares.sum(1) / shape.residual_df
    return Variances(each, df, np.zeros_like(each), common, shape.residual_df)


def one_prior(squares, shape):
    """Smyth's own way: one prior, from the spread of the logarithms of mean squares (limma)."""
    common = squares.sum(1) / shape.residual_df
    df = shape.own_df[0]
    each = squares / shape.own
    logs = np.log(each) - special.digamma(df / 2) + np.log(df / 2)
    spread = logs.var(1, ddof=1) - special.polygamma(1, df / 2)
    prior = np.where(spread > 1e-3, 2 * _trigamma_inverse(np.maximum(spread, 1e-3)), np.inf)
    share = np.where(np.isinf(prior), 1.0, prior / (np.where(np.isinf(prior), 0, prior) + df))
    finite = np.where(np.isinf(prior), 1.0, prior)
    scale = np.exp(logs.mean(1) + special.digamma(finite / 2) - np.log(finite / 2))
    scale = np.where(np.isinf(prior), common, scale)
    each = share[:, None] * scale[:, None] + (1 - share[:, None]) * each
    both = np.broadcast_to((prior + df)[:, None], each.shape)
    # limma takes the prior as known, and all degrees of freedom as at most those of all residuals.
    return Variances(each, both, np.zeros_like(each), common, shape.residual_df)


def _trigamma_inverse(value):
    found = 0.5 + 1 / value
    for _ in range(20):
        trigamma = special.polygamma(1, found)
        found = found + trigamma * (1 - trigamma / value) / special.polygamma(2, found)
    return found


def without_floor(squares, shape):
    """As the report, but a tool that seems steadier than most is taken at its word."""
    return _ours(squares, shape, floor=0.0)


VARIANCES = {
    "all alike (pooled)": pooled,
    "each by itself (Welch)": own,
    "one prior (Smyth)": one_prior,
    "priors weighed, no floor": without_floor,
    "priors weighed, not below the pool": not_below_pool,
    "priors weighed, not below the typical one (used)": _ours,
}


@contextmanager
def used(variances):
    """Make the library take these variances."""
    with mock.patch.object(moderated, "variances", variances):
        yield


@lru_cache(maxsize=64)
def _ranges(tools, df, level=0.95):
    """Return critical ranges of 2 .. ``tools`` means in units of the standard error of a difference
    (Ryan, Einot, Gabriel and Welsch)."""
    spans = np.arange(2, tools + 1)
    alpha = np.where(spans >= tools - 1, 1 - level, 1 - level ** (spans / tools))
    found = stats.studentized_range.ppf(1 - alpha, spans, df) / np.sqrt(2)
    return np.maximum.accumulate(found)


def step_down_first_tier(means, error, df):
    """Return (S, K), the tools not shown to be slower than the fastest by a step-down procedure.

    A tool is slower when the range of all means up to its own, and each longer one, is larger than
    its critical value. Variances all alike, as many runs each: ``error`` (S,), of a difference.
    """
    order = np.argsort(means, axis=1)
    sorted_means = np.take_along_axis(means, order, 1)
    gaps = (sorted_means[:, 1:] - sorted_means[:, :1]) / error[:, None]
    slower = gaps > _ranges(means.shape[1], df)
    slower = np.flip(np.logical_and.accumulate(np.flip(slower, 1), axis=1), 1)
    first = np.ones(means.shape, bool)
    np.put_along_axis(first, order[:, 1:], ~slower, 1)
    return first
