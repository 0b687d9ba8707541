"""Make the data set `reviews`: does a film's review praise the film or not?

Source: a local directory that holds the Large Movie Review Dataset as its authors hand it out
(A. L. Maas et al., 2011, https://aclanthology.org/P11-1015/,
https://ai.stanford.edu/~amaas/data/sentiment/): 25,000 reviews of the Internet Movie Database for
training and 25,000 of other films for test, half of each praise. It has no licence that would allow
to hand it on; hence nothing of it is here, and nothing is downloaded.

A review is read as words of letters, in lower case, without HTML's tags. Of them the 254 are kept
that tell most, over the training half, whether a review praises: a word's chi-squared statistic is
that of the table of 2 x 2 of reviews with it and without it, praising and not. What is none of
the 254 is left out, and of what is left the last 32 words are taken.

Result: IDX files of bytes. A review is 32 bytes: 0 for padding, in front, then its words, each as
its place in ``reviews.json``, from 1. A label is 1 for praise, 0 for none. Reviews that are the
same word for word stand once, in the training half if it has them; both halves are shuffled in
blocks of two that hold each label once, so that a study may take the first few thousand.

The outcome is the same bit for bit everywhere: the statistic by which words are sorted is a
fraction and never rounded, and ``numpy.random.RandomState`` draws the same orders everywhere
(NEP 19, https://numpy.org/neps/nep-0019-rng-policy.html).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy

from benchm import idx
from benchm.files import BadInput, one_line

from . import _writing

#: The folders of a half, by label.
LABELS = ("neg", "pos")
HALVES = ("train", "test")
LAYOUT = ", ".join(f"{half}/{label}" for half in HALVES for label in LABELS)
HINT = (
    f"reviews_directory in config.yaml must be a directory with the folders {LAYOUT}, as "
    "aclImdb_v1.tar.gz of https://ai.stanford.edu/~amaas/data/sentiment/ has them"
)

KNOWN_WORDS, PLACES, PADDING = 254, 32, 0
#: Of each label in each half, fewer than there are: some reviews are there twice.
KEPT = 12_000
#: A review is a page of text; what is longer than this is none.
MOST_BYTES = 1 << 20

SEED = 2011
ABOUT = "reviews.json"

_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


# -- reading ----------------------------------------------------------------------------------


def load(directory: Path) -> dict[str, list[list[list[str]]]]:
    """Return for each half a list by label of its reviews, each a list of words.

    In the order of the files' names. BadInput, in one line, for a directory that is not as it is
    handed out.
    """
    if not directory.is_dir():
        what = "not a directory" if directory.exists() else "no such directory"
        raise BadInput(f"{directory}: {what}; {HINT}")
    missing = [name for name in LAYOUT.split(", ") if not (directory / name).is_dir()]
    if missing:
        raise BadInput(f"{directory}: no folder {missing[0]} in it; {HINT}")
    return {half: [_read_folder(directory / half / label) for label in LABELS] for half in HALVES}


def _read_folder(folder):
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise BadInput(f"{folder}: no reviews (*.txt) in it; {HINT}")
    return [words_of(_read(path), path) for path in paths]


def _read(path):
    try:
        if not path.is_file():  # a pipe would never end
            raise BadInput(f"{path}: not a regular file")
        with open(path, "rb") as source:
            content = source.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadInput(f"{path}: no review: longer than {MOST_BYTES:,} bytes")
        return content.decode("utf-8")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8: {one_line(error, 100)}") from None


def words_of(text: str, name: str | Path = "a review") -> list[str]:
    """Return the words of a review, as they come; BadInput, which begins with ``name``, for none"""
    found = _WORD.findall(_TAG.sub(" ", text).lower())
    if not found:
        raise BadInput(f"{name}: no words in it; allowed is a review of at least one")
    return found


# -- reviews ----------------------------------------------------------------------------------


def without_copies(halves: dict[str, list[list[list[str]]]]) -> tuple[dict, dict[str, int]]:
    """Return the halves without reviews that have been met before, and how many each lost."""
    met, found, lost = set(), {}, {}
    for half in HALVES:
        found[half] = []
        for reviews in halves[half]:
            kept = []
            for words in reviews:
                key = " ".join(words)
                if key not in met:
                    met.add(key)
                    kept.append(words)
            found[half].append(kept)
        lost[half] = sum(map(len, halves[half])) - sum(map(len, found[half]))
    return found, lost


def telling_words(reviews: list[list[list[str]]], n: int = KNOWN_WORDS) -> list[str]:
    """Return the ``n`` words that tell most of the label, the most telling first.

    ``reviews``: of the training half, by label. Of equals the one that is first in the alphabet.
    BadInput where there are fewer words.
    """
    blaming, praising = (Counter(w for words in of for w in set(words)) for of in reviews)
    totals = [len(of) for of in reviews]
    words = sorted(blaming.keys() | praising.keys())
    if len(words) < n:
        raise BadInput(f"reviews: {len(words)} different words for training; {n} are needed")
    known = {word: _chi_squared([blaming[word], praising[word]], totals) for word in words}
    return sorted(words, key=lambda word: (-known[word], word))[:n]


def _chi_squared(counts, totals):
    """Pearson's statistic of a word, by label in ``counts`` of ``totals`` reviews."""
    (a, b), (without_a, without_b) = counts, (t - c for t, c in zip(totals, counts, strict=True))
    numerator = sum(totals) * (a * without_b - b * without_a) ** 2
    denominator = (a + b) * (without_a + without_b) * totals[0] * totals[1]
    return Fraction(numerator, denominator) if denominator else Fraction(0)


def codes_of(reviews: list[list[str]], vocabulary: list[str]) -> numpy.ndarray:
    """Return reviews as bytes, uint8 (n, 32), padded in front; unknown words are left out."""
    codes = {word: code for code, word in enumerate(vocabulary, start=1)}
    rows = numpy.full((len(reviews), PLACES), PADDING, numpy.uint8)
    for row, words in zip(rows, reviews, strict=True):
        if known := [codes[word] for word in words if word in codes][-PLACES:]:
            row[-len(known) :] = known
    return rows


def make(halves: dict[str, list[list[list[str]]]], kept: int = KEPT) -> tuple[dict, dict]:
    """Return the four arrays of the data set by file name, and what there is to know of them.

    ``kept``: reviews of each label in each half. BadInput where there are fewer.
    """
    halves, copies = without_copies(halves)
    for half, reviews in halves.items():
        for label, of in zip(LABELS, reviews, strict=True):
            if len(of) < kept:
                what = f"{len(of)} different reviews in {half}/{label}; {kept} are needed"
                raise BadInput(f"reviews: {what}")
    vocabulary = telling_words(halves["train"])
    random, arrays = numpy.random.RandomState(SEED), {}
    names = ((idx.TRAIN_IMAGES, idx.TRAIN_LABELS), (idx.TEST_IMAGES, idx.TEST_LABELS))
    for (inputs, labels), half in zip(names, HALVES, strict=True):
        columns = [
            codes_of([of[place] for place in random.permutation(len(of))[:kept]], vocabulary)
            for of in halves[half]
        ]
        order = numpy.array([random.permutation(len(LABELS)) for _ in range(kept)], numpy.uint8)
        rows = numpy.stack(columns, axis=1)[numpy.arange(kept)[:, None], order]
        arrays[inputs], arrays[labels] = rows.reshape(-1, PLACES), order.ravel()
    return arrays, {
        "vocabulary": vocabulary,
        "padding": PADDING,
        "labels": LABELS,
        "copies_left_out": copies,
        "train": 2 * kept,
        "test": 2 * kept,
    }


def main(arguments: list[str] | None = None) -> int:
    def made_here(directory):
        arrays, about = make(load(directory))
        return arrays, json.dumps(about, indent=1, ensure_ascii=False)

    return _writing.write("reviews", made_here, None, ABOUT, arguments, HINT)
