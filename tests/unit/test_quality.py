"""The error rate and its interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.quality import PredictionError, read_predictions, wilson_interval


@st.composite
def counts(draw):
    n = draw(st.integers(1, 100_000))
    return draw(st.integers(0, n)), n


@given(counts())
def test_the_interval_holds_the_rate_and_stays_between_0_and_1(count):
    errors, n = count
    low, high = wilson_interval(errors, n)
    assert 0 <= low <= errors / n <= high <= 1
    assert low < high


@given(counts())
def test_counting_hits_instead_of_errors_mirrors_the_interval(count):
    errors, n = count
    low, high = wilson_interval(errors, n)
    mirrored_low, mirrored_high = wilson_interval(n - errors, n)
    assert (low, high) == pytest.approx((1 - mirrored_high, 1 - mirrored_low), abs=1e-9)


def test_against_published_values():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (Wilson score).
    for errors, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson_interval(errors, n) == pytest.approx((low, high), abs=5e-5)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_labels_come_back_as_they_were_written(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("p") / "predictions"
    path.write_text("".join(f"{label}\n" for label in labels))
    assert read_predictions(path, len(labels)) == labels
    with pytest.raises(PredictionError, match=f"{len(labels)} labels for {len(labels) + 1}"):
        read_predictions(path, len(labels) + 1)


@pytest.mark.parametrize("bad", ["10", "-1", "", "1.0", "x", "nan", " 1", "١"])
def test_anything_but_a_label_is_named_with_its_line(tmp_path, bad):
    path = tmp_path / "predictions"
    path.write_text(f"1\n{bad}\n2\n", encoding="utf-8")
    with pytest.raises(PredictionError, match="line 2|not text"):
        read_predictions(path, 3)
