"""The order of events: every legal sequence is taken, every other is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering.events import ContractError, Timeline


def legal(epochs):
    """Return the events of a whole run, without stamps."""
    start = {
        "event": "init_start",
        "contract": 2,
        "interpreter": "X 1",
        "versions": {"x": "1"},
    }
    events = [start, {"event": "init_stop"}]
    events.append({"event": "run_start"})
    for number in range(epochs):
        events.append({"event": "epoch_start", "number": number})
        events.append({"event": "epoch_stop", "number": number})
    return [*events, {"event": "run_stop"}, {"event": "eval_start"}, {"event": "eval_stop"}]


def feed(timeline, events):
    for position, event in enumerate(events):
        line = json.dumps(event | {"elapsed": float(position)}).encode()
        timeline.feed(line, 100.0 + position)


@given(st.integers(1, 20))
def test_a_whole_run_is_complete(epochs):
    timeline = Timeline(epochs)
    feed(timeline, legal(epochs))
    assert timeline.complete
    assert len(timeline.epoch_stops) == epochs
    assert timeline.stamps["run_stop"] - timeline.stamps["run_start"] == 2 * epochs + 1


@given(st.integers(1, 5), st.data())
def test_no_event_can_be_left_out_or_swapped(epochs, data):
    events = legal(epochs)
    at = data.draw(st.integers(0, len(events) - 2))
    if data.draw(st.booleans()):
        del events[at]
    else:
        events[at], events[at + 1] = events[at + 1], events[at]
    with pytest.raises(ContractError, match="line"):
        feed(Timeline(epochs), events)


@given(st.integers(1, 5), st.integers(0, 100))
def test_a_run_that_ended_early_says_what_is_missing(epochs, cut):
    events = legal(epochs)
    cut %= len(events)
    timeline = Timeline(epochs)
    feed(timeline, events[:cut])
    assert not timeline.complete
    assert f"without the event {events[cut]['event']}" in timeline.unfinished()


@given(st.binary(max_size=60))
def test_garbage_is_an_error_of_one_line_and_nothing_else(line):
    with pytest.raises(ContractError) as error:
        Timeline(1).feed(line, 0.0)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"event": "init_start"}',
        b'{"event": "init_start", "elapsed": NaN}',
        b'{"event": "init_start", "elapsed": "1"}',
        b'{"event": "init_start", "elapsed": true}',
        b'{"elapsed": 1}',
        b"[1]",
    ],
)
def test_an_event_without_a_time_or_name_is_refused(line):
    with pytest.raises(ContractError):
        Timeline(1).feed(line, 0.0)


def test_an_adapter_whose_clock_runs_backwards_is_refused():
    timeline = Timeline(1)
    timeline.feed(
        b'{"event": "init_start", "contract": 2, "interpreter": "X", "elapsed": 2.0}', 0.0
    )
    with pytest.raises(ContractError, match="backwards"):
        timeline.feed(b'{"event": "init_stop", "elapsed": 1.0}', 1.0)


def test_more_epochs_than_asked_for_are_refused():
    with pytest.raises(ContractError, match="epoch_start"):
        feed(Timeline(1), legal(2))


def test_another_version_of_the_contract_is_refused():
    with pytest.raises(ContractError, match="contract 1 instead of 2"):
        Timeline(1).feed(b'{"event": "init_start", "contract": 1, "elapsed": 1.0}', 0.0)


@pytest.mark.parametrize("versions", [None, [], "1", {"contract": 1}])
def test_what_an_adapter_says_of_itself_must_be_an_object(versions):
    event = legal(1)[0] | ({"versions": versions} if not isinstance(versions, dict) else versions)
    with pytest.raises(ContractError, match="line 1"):
        feed(Timeline(1), [event])


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5))
def test_steps_are_what_the_tool_counts_and_never_fall(counts):
    events = legal(len(counts))
    for count, event in zip(counts, [e for e in events if e["event"] == "epoch_stop"], strict=True):
        event["steps"] = count
    timeline = Timeline(len(counts))
    if counts == sorted(counts):
        feed(timeline, events)
        assert timeline.steps == counts
    else:
        with pytest.raises(ContractError, match="steps after"):
            feed(timeline, events)


def test_a_tool_that_does_not_count_its_steps_has_none():
    timeline = Timeline(3)
    feed(timeline, legal(3))
    assert timeline.steps is None


@pytest.mark.parametrize("steps", [-1, 1.5, "3", True])
def test_steps_that_are_no_count_are_refused(steps):
    events = legal(1)
    next(e for e in events if e["event"] == "epoch_stop")["steps"] = steps
    with pytest.raises(ContractError, match="steps"):
        feed(Timeline(1), events)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("x" * 5000, "longer than"),
        ({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, "nested more than"),
        (list(range(1000)), "more than 200 items"),
        ({"k" * 500: 1}, "a key longer than"),
        (10**30, "beyond 64 bits"),
        (["text", {"deep": 10**30}], "beyond 64 bits"),
    ],
)
def test_what_an_adapter_says_of_itself_is_bounded(fact, words):
    timeline = Timeline(1)
    feed(timeline, legal(1)[:1])
    with pytest.raises(ContractError, match=words) as error:
        feed(timeline, [{"event": "describe", "facts": {"fact": fact}}])
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "line",
    [
        b'{"event": "describe", "facts": {"x": 1e999}}',
        b'{"event": "describe", "facts": ' + b"[" * 50_000 + b"}",
        b'{"event": "describe", "facts": {"x": "' + b"y" * 100_000 + b'"}}',
        b'{"event": "init_start", "contract": 2, "interpreter": "X", "elapsed": 1e999}',
    ],
)
def test_what_no_record_could_hold_breaks_the_contract_and_nothing_else(line):
    with pytest.raises(ContractError):
        Timeline(1).feed(line, 0.0)


def test_many_small_facts_are_bounded_too():
    timeline = Timeline(1)
    with pytest.raises(ContractError, match="more than 200 facts"):
        for number in range(300):
            feed(timeline, [{"event": "describe", "facts": {str(number): 1}}])
