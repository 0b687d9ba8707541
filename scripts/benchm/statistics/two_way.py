"""What the runs say about tools: log time = tool + round + error, by least squares.

All is batched: arrays of studies x tools x rounds of one layout (which tool ran in which round),
so that a simulation of thousands of studies runs the very code that a report runs on one.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Layout:
    """Which tool ran in which round, and what follows from that alone.

    With K tools and N rounds: ``present`` (K, N), true where there is a run; ``weights`` (K, K, N),
    of each run in each tool's mean; ``own`` (K,), each tool's part of the residual degrees of
    freedom (the divisor of its sum of squares) and ``own_df`` (K,), of how many degrees of
    freedom that sum is; ``mixing`` (K, K): each tool's mean square is expected to be these parts of
    all tools' variances, for each residual holds a part of what others did in its round;
    ``residual_df``, of all; ``products`` (K, K, K), of two tools' weights, summed over the runs of
    a third; ``round_products`` (K, K), the same of their sums in each round; ``round_df``, how
    many degrees of freedom rounds take; ``round_noise`` (K,), what a unit of each tool's variance
    adds to the sum of squares of rounds; ``inverse`` (N, N), of the equations of rounds.
    """

    present: np.ndarray
    inverse: np.ndarray
    weights: np.ndarray
    own: np.ndarray
    own_df: np.ndarray
    mixing: np.ndarray
    residual_df: int
    products: np.ndarray
    round_products: np.ndarray
    round_df: int
    round_noise: np.ndarray


def layout(present):
    """Return the Layout of ``present`` (tools x rounds, true where there is a run).

    Every tool and every round needs a run. Rounds are eliminated by the reduced normal equations
    of a block design (tools as treatments, rounds as blocks; e.g. Searle, Linear Models, 1971,
    chapter 7). Their smallest solution makes the effects of rounds add up to 0, also within each
    part of a layout that falls into parts: tools that shared no round, not even by way of others,
    are compared as they are, and the variance of rounds then counts.
    """
    present = np.asarray(present, bool)
    there = present.astype(float)
    share = there / there.sum(1, keepdims=True)
    reduced = np.diag(there.sum(0)) - there.T @ share
    sizes, directions = np.linalg.eigh(reduced)
    kept = sizes > 1e-9
    inverse = (directions[:, kept] / sizes[kept]) @ directions[:, kept].T
    tools = len(present)
    shift = share @ inverse
    weights = (shift @ share.T)[:, :, None] - shift[:, None, :]
    weights[range(tools), range(tools)] += 1 / there.sum(1)[:, None]
    weights *= there[None]
    round_df = int(kept.sum())
    own, own_df, noise = np.zeros(tools), np.zeros(tools), np.zeros(tools)
    mixing, blocks = np.eye(tools), []
    for tool in range(tools):
        runs, part = present[tool], share[tool]
        along = inverse @ part
        spread = inverse[runs] - along
        noise[tool] = np.sum(spread**2)
        left = np.eye(runs.sum()) - 1 / runs.sum() - spread[:, runs] + along[runs][:, None]
        left -= part @ along
        own[tool] = max(np.trace(left), 0.0)
        blocks.append(inverse * runs - runs.sum() * np.outer(along, part))
        if own[tool] > 1e-6:
            mixing[tool, tool] = np.sum(left**2)
            own_df[tool] = own[tool] ** 2 / mixing[tool, tool]
    blocks = np.array(blocks)
    between = blocks.reshape(tools, -1) @ blocks.transpose(0, 2, 1).reshape(tools, -1).T
    known = own_df > 0
    mixing[known] = np.where(np.eye(tools, dtype=bool), mixing, between)[known]
    mixing[known] /= own[known, None]
    by_round = weights.sum(1)
    return Layout(
        present=present,
        inverse=inverse,
        weights=weights,
        own=own,
        own_df=own_df,
        mixing=mixing,
        residual_df=int(present.sum()) - tools - round_df,
        products=np.einsum("isr,jsr->ijs", weights, weights, optimize=True),
        round_products=by_round @ by_round.T,
        round_df=round_df,
        round_noise=noise,
    )


@dataclass(frozen=True)
class Fit:
    """Means of log time (S, K), squares of residuals (S, K), of rounds (S,), of S studies."""

    means: np.ndarray
    squares: np.ndarray
    round_squares: np.ndarray


def fit(logs, shape):
    """Return the Fit of ``logs`` (S studies x K tools x N rounds, of seconds) in a Layout.

    What stands where there is no run does not matter. With every tool in every round the means
    are means of log times, so that their exponentials are geometric means.
    """
    there = shape.present.astype(float)
    logs = np.where(shape.present, logs, 0.0)
    # Differences of logarithms lose no digits where all are far from 0.
    level = logs.sum((1, 2), keepdims=True) / there.sum()
    logs = (logs - level) * there
    averages = logs.sum(2) / there.sum(1)
    within = (logs - averages[:, :, None]) * there
    rounds = within.sum(1) @ shape.inverse
    means = averages - rounds @ (there / there.sum(1, keepdims=True)).T
    residuals = (logs - means[:, :, None] - rounds[:, None, :]) * there
    return Fit(means + level[:, :, 0], (residuals**2).sum(2), (rounds**2).sum(1))
