"""The data set of words: none in two languages or in both halves, letters as bytes, refusals."""

import hashlib
import importlib.util
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchm import idx
from benchm.files import BadInput
from datasets import words as data_set

LANGUAGES = list(data_set.LANGUAGES)


def made_up(language, n, shared=()):
    """A list as of a package: ``n`` words of one language alone, and some that others have too."""
    mark = data_set.ALPHABET[LANGUAGES.index(language)]
    own = []
    for number in range(n):
        digits = []
        while number or not digits:
            number, digit = divmod(number, len(data_set.ALPHABET))
            digits.append(data_set.ALPHABET[digit])
        own.append(mark * 3 + "".join(digits))
    return [*shared, *own]


def lists(n=30, shared=()):
    return {language: made_up(language, n, shared) for language in LANGUAGES}


def decoded(rows):
    letters = np.array(["", *data_set.ALPHABET])
    return ["".join(letters[row]) for row in rows]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(data_set.ALPHABET, min_size=1, max_size=16)))
def test_a_word_s_letters_are_its_bytes_padded_in_front(words):
    rows = data_set.codes_of(words)
    assert rows.shape == (len(words), 16) and rows.dtype == np.uint8
    assert decoded(rows) == words
    for word, row in zip(words, rows, strict=True):
        assert not row[: 16 - len(word)].any() and row[16 - len(word) :].all()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["haus", ""], "a word is empty"),
        (["haus", "don't"], '"don\'t": "\'" is not in the alphabet abc'),
        (["straße"], "'straße': 'ß' is not in the alphabet"),
        (["Haus"], "'H' is not in the alphabet"),
        (["a" * 17], "has 17 letters; allowed are 1 to 16"),
    ],
)
def test_a_word_that_has_no_code_is_refused_in_one_line(words, says):
    with pytest.raises(BadInput, match=says) as refused:
        data_set.codes_of(words)
    assert "\n" not in str(refused.value)


def test_what_two_languages_share_is_left_out_of_all():
    given_lists = lists(5)
    given_lists["de"].insert(0, "und")
    given_lists["nl"].insert(0, "und")
    own, left_out = data_set.own_words(given_lists)
    assert not any("und" in words for words in own.values())
    assert left_out["de"] == left_out["nl"] == {"shared": 1} and not left_out["en"]
    assert own["de"] == given_lists["de"][1:]


def test_what_is_no_word_of_the_alphabet_is_left_out_and_counted():
    given_lists = lists(5)
    given_lists["en"] += ["it's", "2017", "", "ελληνικά", "a" * 17]
    own, left_out = data_set.own_words(given_lists)
    assert left_out["en"] == {"other characters": 3, "too long": 1, "empty": 1}
    assert len(own["en"]) == 5


def test_only_the_most_frequent_are_looked_at(monkeypatch):
    monkeypatch.setattr(data_set, "DEPTH", 4)
    given_lists = lists(6)
    given_lists["sv"][5] = given_lists["de"][0]  # rarer than what is looked at
    own, _ = data_set.own_words(given_lists)
    assert own["de"] == given_lists["de"][:4]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 20), st.integers(1, 10))
def test_no_word_is_in_both_halves_and_every_language_in_each_block(train, test):
    arrays, about = data_set.make(lists(train + test + 3, ["ja"]), train, test)
    seen = {}
    for images, labels, size in (
        (idx.TRAIN_IMAGES, idx.TRAIN_LABELS, train),
        (idx.TEST_IMAGES, idx.TEST_LABELS, test),
    ):
        assert len(arrays[images]) == 10 * size
        blocks = arrays[labels].reshape(size, 10)
        assert (np.sort(blocks, axis=1) == np.arange(10)).all()
        for word, label in zip(decoded(arrays[images]), arrays[labels], strict=True):
            assert word[:3] == data_set.ALPHABET[label] * 3
            assert seen.setdefault(word, images) == images
    assert len(seen) == 10 * (train + test)
    assert about["left_out"]["fi"] == {"shared": 1}
    # The rarest are those that are not taken.
    assert not {word for words in lists(train + test + 3).values() for word in words[-3:]} & {*seen}


def test_a_list_that_is_too_short_is_named():
    short = lists(30) | {"pt": made_up("pt", 29)}
    with pytest.raises(BadInput, match="list of pt has 29 words that no other language has; 30"):
        data_set.make(short, 20, 10)


def test_another_list_is_named_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    path = tmp_path / "large_de.msgpack.gz"
    path.write_bytes(b"anything")
    monkeypatch.setattr(data_set, "find", lambda language: path)
    assert data_set.main(["--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert str(path) in error and data_set.LANGUAGES["de"] in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_package_is_named_where_it_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert data_set.main(["--output", str(tmp_path / "out")]) == 2
    assert "wordfreq 3.1.1 is not installed" in capsys.readouterr().err


def test_it_is_installed_with_its_checksums_and_what_there_is_to_know(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(data_set, "find", lambda language: language)
    monkeypatch.setattr(data_set, "load", lambda language, sha256: made_up(language, 12))
    monkeypatch.setattr(data_set.make, "__defaults__", (8, 2))
    assert data_set.main(["--output", str(tmp_path / "out")]) == 2
    assert f"elsewhere {data_set.MADE[idx.TRAIN_IMAGES]}" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []

    arrays, about = data_set.make(lists(12))
    made = {n: idx.encode(a.shape, a.tobytes()) for n, a in arrays.items()}
    hashes = {n: hashlib.sha256(content).hexdigest() for n, content in made.items()}
    monkeypatch.setattr(data_set, "MADE", hashes)
    assert data_set.main(["--output", str(tmp_path / "out")]) == 0
    assert idx.verify(tmp_path / "out") == []
    assert json.loads((tmp_path / "out/words.json").read_text()) == about
    assert (about["train"], about["test"]) == (80, 20)
