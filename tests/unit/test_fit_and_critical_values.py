"""The fit of the one model is least squares, and its critical values are those of SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchm.statistics import contrasts, critical, two_way

PROPERTIES = settings(max_examples=40, deadline=None)
PRESENT = st.integers(1, 5).flatmap(
    lambda rounds: st.lists(
        st.lists(st.booleans(), min_size=rounds, max_size=rounds).filter(any),
        min_size=1,
        max_size=5,
    )
)


@PROPERTIES
@given(PRESENT, st.integers(0, 99))
def test_the_fit_is_that_of_plain_least_squares(present, seed):
    present = np.array(present)
    present = present[:, present.any(0)]
    where = np.argwhere(present)
    design = np.zeros((len(where), sum(present.shape)))
    design[np.arange(len(where)), where[:, 0]] = 1
    design[np.arange(len(where)), len(present) + where[:, 1]] = 1
    left = np.eye(len(where)) - design @ np.linalg.pinv(design)
    shape = two_way.layout(present)
    logs = np.random.default_rng(seed).normal(size=present.shape)
    residuals = left @ logs[present]
    fitted = two_way.fit(logs[None], shape)
    squares = fitted.squares[0]
    weighed = (shape.weights * logs).sum((1, 2))
    assert fitted.means[0] == pytest.approx(weighed, abs=1e-9)
    if np.linalg.matrix_rank(design) == sum(present.shape) - 1:  # else no single answer
        effects = np.linalg.lstsq(design, logs[present], rcond=None)[0]
        gaps = fitted.means[0] - fitted.means[0, 0]
        assert gaps == pytest.approx(effects[: len(present)] - effects[0], abs=1e-8)
    assert shape.residual_df == round(np.trace(left))
    for tool in range(len(present)):
        of = where[:, 0] == tool
        assert squares[tool] == pytest.approx(np.sum(residuals[of] ** 2), abs=1e-9)
        assert shape.own[tool] == pytest.approx(np.trace(left[of][:, of]), abs=1e-9)
        for other in range(len(present)) if shape.own_df[tool] else ():
            part = np.sum(left[of][:, where[:, 0] == other] ** 2) / shape.own[tool]
            assert shape.mixing[tool, other] == pytest.approx(part, abs=1e-6)


@pytest.mark.parametrize("tools, rounds", [(3, 4), (9, 3), (10, 10)])
def test_critical_values_are_those_of_scipy(tools, rounds):
    samples = np.random.default_rng(2).normal(size=(tools, rounds))
    df = tools * (rounds - 1)
    error = math.sqrt(samples.var(1, ddof=1).mean() * 2 / rounds)
    asked = stats.tukey_hsd(*samples).confidence_interval(critical.LEVEL)
    value = (asked.high[0, 1] - asked.low[0, 1]) / 2 / error
    assert critical.simultaneous(df, tools, False)[1] == pytest.approx(value, rel=1e-4)
    if tools > 3:  # with three, all pairs leave less than the baseline's level asks for
        found = stats.dunnett(*samples[1:], control=samples[0], random_state=1)
        asked = found.confidence_interval(critical.BASELINE_LEVEL)
        value = (asked.high[0] - asked.low[0]) / 2 / error
        assert critical.simultaneous(df, tools, True)[0] == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("tools, df", [(4, 6.0), (9, 16.0)])
def test_both_families_together_have_one_budget(tools, df):
    random = np.random.default_rng(3)
    means = random.standard_normal((200_000, tools))
    scale = np.sqrt(2 * random.chisquare(df, len(means)) / df)
    fixed, any_pair = critical.simultaneous(df, tools, True)
    range_holds = np.ptp(means, axis=1) <= any_pair * scale
    fixed_holds = (np.abs(means[:, 1:] - means[:, :1]) <= fixed * scale[:, None]).all(1)
    assert (range_holds & fixed_holds).mean() == pytest.approx(critical.LEVEL, abs=0.003)


@pytest.mark.parametrize("rounds", [3, 10])
def test_nine_equal_tools_are_left_together_and_intervals_hold(rounds):
    present = np.ones((10, rounds), bool)
    random = np.random.default_rng(4)
    logs = 0.1 * random.standard_normal((3000, 10, rounds))
    logs += 0.1 * random.standard_normal((3000, 1, rounds))
    found = contrasts.contrasts(logs, present)
    ranked = list(range(9))
    values = contrasts.critical_values(found, ranked, 0)
    holds = np.abs(found.difference) <= values * found.error
    off = ~holds[:, :9, :9].all((1, 2))
    pairs = values[:, :9, :9]
    tiers = contrasts.tiers(found, ranked, pairs)
    _, low, high = contrasts.versus_best(found, ranked, pairs)
    separated = (tiers > 1).any(1) | (low > 0).any(1)
    assert (separated == off).all() and (high >= 0).all()
    assert 0.03 < off.mean() < 0.06
    single = (
        np.abs(found.difference[:, 9, 0])
        <= critical.single(found.df)[:, 9, 0] * found.error[:, 9, 0]
    )
    assert 0.93 < single.mean() < 0.97
    assert 0.93 < (np.abs(found.means) <= found.mean_half).mean() < 0.97
