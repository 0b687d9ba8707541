"""The embedded data set: bit for bit the same everywhere, and like MNIST."""

import hashlib
import subprocess
import sys

import numpy
import pytest

from benchm import idx, project
from datasets import digits as data_set

# A change of these changes the error rates of every study on digits.
SUMS = """\
36de30c9dd49f1c56d36e4559d0743f2e669674db266e30b0e4b48fc47e49461  t10k-images-idx3-ubyte
46a306e1e41523dd0da9f3e56ada2b260fe7fa0015bbd32f3de9d7c78d757c28  t10k-labels-idx1-ubyte
202a59fe74233ac3710e5f9f63b410b1f149215ffc328dc0cdd51520e5f04001  train-images-idx3-ubyte
9aabac8571c408b9665cef363f405976a5c0d78ddc9526a1d94b22e48df07795  train-labels-idx1-ubyte
"""
FIRST = {  # images that the study `quick` takes, and their SHA-256 without a header
    idx.TRAIN_IMAGES: (6_000, "a0ff1057dca83a9f19858715602ef8c8f126a978ab3ee8fdfd59df2e48becb53"),
    idx.TEST_IMAGES: (2_000, "75171235775a3bc394c18aa22fea918b1ae805e562d4eb313c5fcc504319e5cc"),
}


@pytest.fixture(scope="module")
def drawings():
    return data_set.load_drawings()


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """The whole data set, made as the workflow makes it."""
    directory = tmp_path_factory.mktemp("digits")
    subprocess.run(
        [sys.executable, project.SCRIPTS / "make_data_set.py", "digits", "--output", directory],
        check=True,
        timeout=300,
    )
    return directory


@pytest.fixture(scope="module")
def arrays(directory):
    files = {name: idx.read(directory / name) for name in idx.FILES}
    return {
        name: numpy.frombuffer(data, dtype=numpy.uint8).reshape(shape)
        for name, (shape, data) in files.items()
    }


def test_the_outcome_is_pinned(directory):
    assert (directory / idx.SUMS).read_text() == SUMS
    assert idx.verify(directory) == []


@pytest.mark.parametrize("name", FIRST)
def test_the_first_images_are_pinned(arrays, name):
    n, expected = FIRST[name]
    assert hashlib.sha256(arrays[name][:n].tobytes()).hexdigest() == expected


def test_the_shape_is_that_of_mnist(arrays, directory):
    assert {name: array.shape for name, array in arrays.items()} == {
        idx.TRAIN_IMAGES: (60_000, 28, 28),
        idx.TRAIN_LABELS: (60_000,),
        idx.TEST_IMAGES: (10_000, 28, 28),
        idx.TEST_LABELS: (10_000,),
    }
    assert (directory / idx.TRAIN_IMAGES).stat().st_size == 47_040_016
    assert (directory / idx.TEST_LABELS).stat().st_size == 10_008


def test_every_drawing_belongs_to_one_split(drawings):
    _, labels = drawings
    train, test = data_set.split(labels, numpy.random.RandomState(data_set.SEED))
    for digit in range(10):
        both = numpy.concatenate([train[digit], test[digit]])
        assert sorted(both) == list(numpy.flatnonzero(labels == digit))
        assert len(test[digit]) / len(both) == pytest.approx(0.2, abs=0.01)


def test_no_drawing_is_there_twice(drawings):
    images, _ = drawings
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize(
    ("changed", "other"),
    [(idx.TRAIN_IMAGES, idx.TEST_IMAGES), (idx.TEST_IMAGES, idx.TRAIN_IMAGES)],
)
def test_the_images_of_a_split_show_no_drawing_of_the_other(drawings, changed, other):
    # Every drawing of one split is made unrecognisable: all images of that split must
    # change, and not a single pixel of the other.
    images, labels = drawings
    before = data_set.make(images, labels, n_train=2_000, n_test=1_000)
    train, test = data_set.split(labels, numpy.random.RandomState(data_set.SEED))
    spoilt = images.copy()
    spoilt[numpy.concatenate(train if changed == idx.TRAIN_IMAGES else test)] = 16
    after = data_set.make(spoilt, labels, n_train=2_000, n_test=1_000)
    assert (before[other] == after[other]).all()
    assert (before[changed] != after[changed]).any(axis=(1, 2)).all()


@pytest.mark.parametrize("name", [idx.TRAIN_LABELS, idx.TEST_LABELS])
def test_the_classes_are_balanced_in_every_prefix(arrays, name):
    labels = arrays[name]
    counts = (labels[:, None] == numpy.arange(10)).cumsum(axis=0)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 10
    assert (counts[99::100] == numpy.arange(10, len(labels) // 10 + 1, 10)[:, None]).all()


@pytest.mark.parametrize("name", [idx.TRAIN_LABELS, idx.TEST_LABELS])
def test_the_order_is_mixed(arrays, name):
    labels = arrays[name].astype(int)
    same = (labels[1:] == labels[:-1]).mean()  # 9 / 99 by chance, as a hundred holds ten of each
    assert 0.07 < same < 0.11
    hundreds = labels.reshape(-1, 100)
    assert len({row.tobytes() for row in hundreds}) == len(hundreds)


def test_every_drawing_is_used_about_equally(drawings):
    _, labels = drawings
    random = numpy.random.RandomState(1)
    train, _ = data_set.split(labels, random)
    chosen, digits = data_set.order(train, 6_000, random)
    assert (labels[chosen] == digits).all()
    for digit in range(10):
        uses = numpy.bincount(chosen, minlength=len(labels))[train[digit]]
        assert uses.max() - uses.min() <= 1


@pytest.mark.parametrize("name", [idx.TRAIN_IMAGES, idx.TEST_IMAGES])
def test_strokes_are_bright_on_an_empty_background(arrays, name):
    images = arrays[name]
    assert (images.max(axis=(1, 2)) == 255).all()
    empty = (images == 0).mean(axis=(1, 2))
    assert empty.min() > 0.6
    assert 0.78 < empty.mean() < 0.86  # MNIST: 0.81
    assert 25 < images.mean() < 40  # MNIST: 33
    on_the_edge = numpy.concatenate([images[:, [0, -1]], images[:, :, [0, -1]].swapaxes(1, 2)], 1)
    assert (on_the_edge > 0).any(axis=(1, 2)).mean() < 0.03  # MNIST: 0.015


@pytest.mark.parametrize("name", [idx.TRAIN_IMAGES, idx.TEST_IMAGES])
def test_digits_are_about_20_pixels_high_and_centred(arrays, name):
    images = arrays[name]
    height = (images > 0).any(axis=2).sum(axis=1)
    assert 18 <= numpy.median(height) <= 21
    mass = images.sum(axis=(1, 2), dtype=int)
    for axis in (1, 2):
        place = (images.sum(axis=3 - axis, dtype=int) @ numpy.arange(28)) / mass
        assert place.mean() == pytest.approx(13.5, abs=0.2)
        assert 0.8 < place.std() < 2.0  # moved by up to two pixels either way


def test_no_image_comes_twice(arrays):
    images = numpy.concatenate([arrays[idx.TRAIN_IMAGES], arrays[idx.TEST_IMAGES]])
    assert len({image.tobytes() for image in images}) == len(images)


def test_a_flat_drawing_stays_flat():
    # The kernel's weights add up to one at every step, else strokes would show a grid.
    flat = numpy.full((1, 8, 8), 16)
    fine = data_set.enlarge(flat)
    inner = slice(3 * data_set.FINE, 6 * data_set.FINE)
    assert (fine[0, inner, inner] == 255).all()


def test_a_place_that_can_not_be_written_is_named(tmp_path, capsys, monkeypatch, drawings):
    monkeypatch.setattr(data_set, "load_drawings", lambda: drawings)
    monkeypatch.setattr(data_set.make, "__defaults__", (1_000, 1_000))
    (tmp_path / "file").touch()
    assert data_set.main(["--output", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'file'}: cannot be written: File exists\n"
