"""Which records may stay, and which have to be tried again."""

import json
import os

import pytest

from benchm import attempts
from benchm.files import BadInput

RECORD = {"status": {"outcome": "timeout"}, "provenance": {"attempt": 3}}
CARD = {"outcome": "ok", "attempt": 2}


@pytest.mark.parametrize(
    ("found", "is_device_here", "attempt"),
    [
        (None, True, 1),
        (("ok", 4), True, 4),
        (("ok", 4), False, 4),
        (("failed", 1), True, 2),
        (("timeout", 2), True, 3),
        (("out_of_memory", 7), True, 8),
        (("unavailable", 1), True, 1),
        (("no_device", 1), False, 1),
        (("no_device", 1), True, 2),
    ],
)
def test_only_what_broke_or_has_got_its_device_is_tried_again(found, is_device_here, attempt):
    assert attempts.wanted(found, is_device_here) == attempt


@pytest.mark.parametrize(("content", "known"), [(RECORD, ("timeout", 3)), (CARD, ("ok", 2))])
def test_a_record_and_a_card_tell_their_outcome_and_attempt(tmp_path, content, known):
    path = tmp_path / "1.json"
    path.write_text(json.dumps(content))
    assert attempts.known(path) == known
    assert attempts.known(tmp_path / "2.json") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"outcome": "ok", "attempt": "x"}'])
def test_what_is_no_record_is_named_and_never_taken_for_a_missing_one(tmp_path, content):
    path = tmp_path / "1.json"
    path.write_text(content)
    with pytest.raises(BadInput, match=f"^{path}: broken"):
        attempts.known(path)


def test_a_pipe_in_place_of_a_record_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "1.json")
    with pytest.raises(BadInput, match="1.json: broken, not a regular file"):
        attempts.known(tmp_path / "1.json")
