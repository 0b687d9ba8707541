"""Make the data set `words`: which of ten languages is a word from?

Source: the word lists inside the Python package wordfreq 3.1.1 (R. Speer, 2022,
https://doi.org/10.5281/zenodo.7199437; code under Apache 2.0, data under CC BY-SA 4.0,
https://github.com/rspeer/wordfreq), which counts words of Wikipedia, film subtitles, news, books,
web pages, Twitter and Reddit (wordfreq's README, "Sources and supported languages"). Each list
is read only when it has the known SHA-256.

Of each language's list the 20,000 most frequent entries are looked at. What is not made of the
letters of ``ALPHABET`` alone (numbers, apostrophes, symbols, other scripts), or has more than 16
letters, is left out; so is what is among the 20,000 of two languages or more, and by that most
names and loan words. Of what is left the 10,000 most frequent words of each language are taken:
every one of the ten languages makes a tenth of each half. Letters with accents are letters of their
own, as they are written; wordfreq itself has put everything into lower case, and ss for German's
sharp s.

Result: IDX files of bytes. A word is 16 bytes: 0 for padding, in front, then its letters, each as
its place in ``ALPHABET`` from 1. A label is the language's place in ``LANGUAGES``, from 0. Words
are split one by one, 80,000 for training and 20,000 for test, so that none is in both halves; forms
of one word may be. Both halves are shuffled in blocks of ten that hold each language once, so that
a study may take the first few thousand. ``words.json`` has alphabet, languages and what was left
out.

The outcome is the same bit for bit everywhere: nothing is computed but a shuffle by
numpy.random.RandomState, whose stream is frozen (NEP 19,
https://numpy.org/neps/nep-0019-rng-policy.html).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy

from benchm import idx
from benchm.files import BadInput

from . import _writing
from ._packages import Package

#: Where its package is.
ENVIRONMENT = "envs/words.yaml"

PACKAGE = Package("wordfreq", "3.1.1", ENVIRONMENT)
INSIDE = "data/large_{language}.msgpack.gz"

#: ISO 639-1, in the order of the labels, and SHA-256 of the list that is read.
LANGUAGES = {
    "de": "8ef04d3f4a28fb48d800d25fa80a96d90a5f80c8496c9a453f99f887c6ad3c12",
    "en": "dffae8066b78dce0a6667cf5f58e567054f902674667090a7ac8a8a44628b05c",
    "es": "14f326b4f68d517f9b8b99c1e26ef56a508d2dc8d0ee7a9e6e8732ddab1aa65e",
    "fi": "98fb498142d5cb4ff47df65d6c4784dff4fa2fc6d191a0b26cf6341101922151",
    "fr": "6f16cd80b9b66c5698ed002becea83ae30d0584c3205f1cf01714ad562c00c8b",
    "it": "0b5500e425a50e0f1fefb256d9125e74f586ac6b2f2a6e41bc96634bd5613cc7",
    "nl": "cfdae01b2ccd5bc94be046645b6ba8682e65d6709beedf6ab98d7bdc5414d671",
    "pl": "fac63e49c49ea2e39dd8a48152d7e54cec0920abbc59993088063ed5d9b528c2",
    "pt": "7d764586bca6262f554d5fa77ad8e6841ef42534776e70558065140853660ce2",
    "sv": "16971de5b9c6731b0dc3647743f93357bd7ead336f783aa3f747db6855e36a90",
}

#: A letter's code is its place here, from 1.
ALPHABET = "abcdefghijklmnopqrstuvwxyzàáâãäåçèéêëìíîïñòóôõöùúûüąćęłńœśźż"
PADDING = 0

SEED = 2017
DEPTH = 20_000  # entries of a list that are looked at
LENGTH = 16  # letters of a word, at most
TRAIN, TEST = 8_000, 2_000  # words of each language

ABOUT = "words.json"

#: SHA-256 of what is made of the known lists, on every machine.
MADE = {
    idx.TEST_IMAGES: "3437ff1673fc99168f3b3b54c5516dc01e0f20c2e66e1de6b1c2e49352160c17",
    idx.TEST_LABELS: "5a86a5f063a8b975c1b40e12f87ee09a3f7ec43645a34d20a396f60768885def",
    idx.TRAIN_IMAGES: "122b3f1c156590686608e37a23e9231eaf3fea01604b7b513edbdae91837e5a9",
    idx.TRAIN_LABELS: "94b9948547877eae16f1f8547f98f70012cbe40584fc065a6b2a441bc4c448a3",
}

_CODES = {letter: code for code, letter in enumerate(ALPHABET, start=1)}


# -- reading ----------------------------------------------------------------------------------


def find(language: str) -> Path:
    """Return the path of the installed package's list; BadInput where it is not installed."""
    return PACKAGE.folder() / INSIDE.format(language=language)


def load(path: Path, sha256: str) -> list[str]:
    """Return the words of a list, the most frequent first. BadInput for another than the known."""
    PACKAGE.check(path, sha256)
    from wordfreq import read_cBpack  # only here: other machines' tests have no such package

    # Lists of words, one for each frequency that wordfreq tells from others.
    return [word for equally_frequent in read_cBpack(str(path)) for word in equally_frequent]


# -- words ------------------------------------------------------------------------------------


def own_words(lists: dict[str, list[str]]) -> tuple[dict[str, list[str]], dict[str, Counter]]:
    """Return each language's own words, the most frequent first, and why others were left out.

    ``lists``: by language, the most frequent word first.
    """
    looked_at = {language: words[:DEPTH] for language, words in lists.items()}
    known_in = Counter(word for words in looked_at.values() for word in set(words))
    found, left_out = {}, {}
    for language, words in looked_at.items():
        why = {word: _unfit(word) or ("shared" if known_in[word] > 1 else None) for word in words}
        found[language] = [word for word, reason in why.items() if reason is None]
        left_out[language] = Counter(reason for reason in why.values() if reason)
    return found, left_out


def _unfit(word):
    """Return why a word is no sample, or None."""
    if not word:
        return "empty"
    if not set(word) <= _CODES.keys():
        return "other characters"
    return "too long" if len(word) > LENGTH else None


def codes_of(words: list[str]) -> numpy.ndarray:
    """Return words as bytes, uint8 of shape (n, 16), padded in front.

    BadInput, in one line, for a word that is empty, too long, or has a letter outside the alphabet.
    """
    rows = numpy.full((len(words), LENGTH), PADDING, numpy.uint8)
    for row, word in zip(rows, words, strict=True):
        if not word:
            raise BadInput("words: a word is empty; allowed are 1 to 16 letters")
        for letter in word:
            if letter not in _CODES:
                raise BadInput(f"words: {word!r}: {letter!r} is not in the alphabet {ALPHABET}")
        if len(word) > LENGTH:
            raise BadInput(f"words: {word!r} has {len(word)} letters; allowed are 1 to {LENGTH}")
        row[LENGTH - len(word) :] = [_CODES[letter] for letter in word]
    return rows


def halves(
    own: dict[str, list[str]], train: int = TRAIN, test: int = TEST
) -> tuple[tuple[list[str], numpy.ndarray], tuple[list[str], numpy.ndarray]]:
    """Return (words, labels) of the training half and of the test half.

    Of each language as many, in blocks that hold every language once, in an order drawn at random.
    BadInput where a language has too few words.
    """
    random, wanted = numpy.random.RandomState(SEED), train + test
    columns = []
    for language, words in own.items():
        if len(words) < wanted:
            what = f"{len(words)} words that no other language has; {wanted} are needed"
            raise BadInput(f"words: the list of {language} has {what}")
        columns.append([words[place] for place in random.permutation(wanted)])
    labels = numpy.array([random.permutation(len(own)) for _ in range(wanted)], numpy.uint8)
    words = [[columns[label][place] for label in row] for place, row in enumerate(labels)]
    return tuple(
        ([word for row in words[part] for word in row], labels[part].ravel())
        for part in (slice(0, train), slice(train, wanted))
    )


def make(lists: dict[str, list[str]], train: int = TRAIN, test: int = TEST) -> tuple[dict, dict]:
    """Return the four arrays of the data set by file name, and what there is to know of them."""
    own, left_out = own_words(lists)
    for_training, for_test = halves(own, train, test)
    arrays = {
        idx.TRAIN_IMAGES: codes_of(for_training[0]),
        idx.TRAIN_LABELS: for_training[1],
        idx.TEST_IMAGES: codes_of(for_test[0]),
        idx.TEST_LABELS: for_test[1],
    }
    return arrays, {
        "alphabet": ALPHABET,
        "padding": PADDING,
        "languages": list(own),
        "looked_at": {language: len(words[:DEPTH]) for language, words in lists.items()},
        "left_out": {language: dict(sorted(found.items())) for language, found in left_out.items()},
        "own_words": {language: len(words) for language, words in own.items()},
        "train": len(arrays[idx.TRAIN_LABELS]),
        "test": len(arrays[idx.TEST_LABELS]),
    }


def main(arguments: list[str] | None = None) -> int:
    def made_here():
        lists = {language: load(find(language), sha) for language, sha in LANGUAGES.items()}
        arrays, about = make(lists)
        return arrays, json.dumps(about, indent=1, ensure_ascii=False)

    return _writing.write("words", made_here, MADE, ABOUT, arguments)
