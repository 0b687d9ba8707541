"""The data set of reviews: read as handed out, none twice, words that tell most, refusals."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchm import idx
from benchm.files import BadInput
from datasets import reviews as data_set

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
WORDS = [a + b + c for a in ALPHABET[:7] for b in ALPHABET[:7] for c in ALPHABET[:7]]


def made_up(seed, n=40):
    """Return halves of ``n`` reviews a label: "good" tells praise, "bad" none, the rest nothing."""
    random = np.random.default_rng(seed)
    halves = {}
    for half in data_set.HALVES:
        halves[half] = [
            [[*random.choice(WORDS, 40), telling] for _ in range(n)] for telling in ("bad", "good")
        ]
    return halves


def write(folder, halves):
    for half, labels in halves.items():
        for label, reviews in zip(data_set.LABELS, labels, strict=True):
            (folder / half / label).mkdir(parents=True)
            for number, words in enumerate(reviews):
                text = "<br />".join(words).title()
                (folder / half / label / f"{number}_7.txt").write_text(text, encoding="utf-8")
    return folder


def run(folder, capsys):
    code = data_set.main(["--output", str(folder / "made"), "--directory", str(folder / "given")])
    return code, capsys.readouterr().err.strip()


def test_a_review_is_its_words_in_lower_case_without_tags():
    text = "It's <br /><br />GREAT, naïve (10/10)... don't <i>miss</i> 'it'!"
    assert data_set.words_of(text) == ["it's", "great", "naïve", "don't", "miss", "it"]


def test_what_is_written_is_what_was_given(tmp_path, capsys, monkeypatch):
    halves = made_up(1)
    write(tmp_path / "given", halves)
    real = data_set.make
    monkeypatch.setattr(data_set, "make", lambda halves: real(halves, 30))
    assert run(tmp_path, capsys) == (0, "")
    assert idx.verify(tmp_path / "made") == []
    about = json.loads((tmp_path / "made/reviews.json").read_text())
    assert set(about["vocabulary"][:2]) == {"good", "bad"}
    praise = 1 + about["vocabulary"].index("good")
    known = {
        tuple(row) for of in halves["test"] for row in data_set.codes_of(of, about["vocabulary"])
    }
    shape, rows = idx.read(tmp_path / "made" / idx.TEST_IMAGES)
    assert shape == (60, 32)
    rows = np.frombuffer(rows, np.uint8).reshape(shape)
    labels = np.frombuffer(idx.read(tmp_path / "made" / idx.TEST_LABELS)[1], np.uint8)
    assert np.array_equal((rows == praise).any(axis=1), labels == 1)
    assert (labels.reshape(-1, 2).sum(axis=1) == 1).all()
    assert {tuple(row) for row in rows} <= known and len({tuple(row) for row in rows}) == 60


def test_a_review_that_is_there_twice_stands_once_and_rather_in_training():
    halves = made_up(2, 5)
    halves["test"][0][3] = list(halves["train"][1][2])
    halves["train"][0].append(list(halves["train"][0][0]))
    found, lost = data_set.without_copies(halves)
    assert lost == {"train": 1, "test": 1}
    assert found["train"] == made_up(2, 5)["train"]
    assert len(found["test"][0]) == 4 and len(found["test"][1]) == 5


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sets(st.sampled_from("abcde"), min_size=1)),
        min_size=4,
        max_size=30,
    )
)
def test_words_are_sorted_by_their_statistic(reviews):
    by_label = [[sorted(words) for label, words in reviews if label == of] for of in (False, True)]
    known = sorted({word for _, words in reviews for word in words})
    found = data_set.telling_words(by_label, len(known))
    assert sorted(found) == known

    def statistic(word):
        table = [
            [sum((word in words) == there for words in of) for there in (True, False)]
            for of in by_label
        ]
        if 0 in np.sum(table, axis=0) or 0 in np.sum(table, axis=1):
            return 0.0
        return stats.chi2_contingency(table, correction=False).statistic

    values = [statistic(word) for word in found]
    assert all(a >= b - 1e-9 for a, b in zip(values, values[1:], strict=False))
    assert found == sorted(found, key=lambda word: (-round(statistic(word), 9), word))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from([*WORDS[:20], "unknown"]), max_size=100), max_size=5))
def test_codes_are_the_last_known_words_padded_in_front(reviews):
    vocabulary = WORDS[:20]
    rows = data_set.codes_of(reviews, vocabulary)
    assert rows.shape == (len(reviews), 32) and rows.dtype == np.uint8
    for words, row in zip(reviews, rows, strict=True):
        known = [word for word in words if word in vocabulary]
        assert [vocabulary[code - 1] for code in row if code] == known[-32:]
        assert not row[: 32 - min(64, len(known))].any()


def nothing(folder):
    return "no such directory"


def a_file(folder):
    folder.write_text("reviews")
    return "not a directory"


def no_test_half(folder):
    write(folder, {"train": made_up(3, 2)["train"]})
    return "no folder test/neg in it"


def an_empty_folder(folder):
    write(folder, made_up(3, 2) | {"test": [[], []]})
    return "test/neg: no reviews"


def an_empty_review(folder):
    (write(folder, made_up(3, 2)) / "train/pos/1_7.txt").write_text(" <br /> 10/10 ")
    return "train/pos/1_7.txt: no words in it"


def other_bytes(folder):
    (write(folder, made_up(3, 2)) / "train/pos/1_7.txt").write_bytes(b"caf\xe9")
    return "train/pos/1_7.txt: not UTF-8"


def a_folder_for_a_review(folder):
    (write(folder, made_up(3, 2)) / "train/pos/5_7.txt").mkdir()
    return "train/pos/5_7.txt: not a regular file"


def a_hole(folder):
    with open(write(folder, made_up(3, 2)) / "train/pos/5_7.txt", "wb") as hole:
        hole.truncate(1 << 40)
    return "train/pos/5_7.txt: no review: longer than 1,048,576 bytes"


def too_few(folder):
    write(folder, made_up(3, 2))
    return "reviews: 2 different reviews in train/neg; 12000 are needed"


@pytest.mark.parametrize(
    "given",
    [
        nothing,
        a_file,
        no_test_half,
        an_empty_folder,
        an_empty_review,
        other_bytes,
        a_folder_for_a_review,
        a_hole,
        too_few,
    ],
)
def test_another_directory_is_refused_in_one_line_and_leaves_nothing(given, tmp_path, capsys):
    words = given(tmp_path / "given")
    code, line = run(tmp_path, capsys)
    assert code == 2 and words in line and "\n" not in line
    assert not list((tmp_path / "made").glob("*"))


def test_too_few_different_words_are_refused():
    halves = made_up(4)
    with pytest.raises(BadInput, match="different words for training; 9999 are needed"):
        data_set.telling_words(halves["train"], 9999)
