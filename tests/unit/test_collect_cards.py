"""The cards of one tool in one file: all of them, in order, and none of another tool."""

import json

import pytest
from synthetic import ROOT, card

import collect_cards
from benchm.files import BadInput


def written(folder, *cards):
    paths = [folder / f"{number}.json" for number in range(len(cards))]
    for path, content in zip(paths, cards, strict=True):
        path.write_text(json.dumps(content))
    return paths


def test_cards_of_one_tool_are_put_into_one_file(tmp_path):
    cards = [card("pytorch"), card("pytorch", device="gpu"), card("pytorch", instance="big")]
    output = tmp_path / "folder" / "pytorch.json"
    paths = map(str, written(tmp_path, *cards))
    assert collect_cards.main(["--cards", *paths, "--output", str(output)]) == 0
    found = json.loads(output.read_text())
    assert (found["schema_version"], found["tool"]) == (1, "pytorch")
    places = [(c["instance"], c["device"]) for c in found["cards"]]
    assert places == [("big", "cpu"), ("local", "cpu"), ("local", "gpu")]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (card("pytorch"), "0.json is of local and cpu already"),
        (card("mxnet", device="gpu"), "key tool is mxnet; the first card's: pytorch"),
        (card("pytorch", device="gpu", study="seed"), "key study is seed; the first card's: quick"),
        (card("pytorch", device="tpu"), "key device: 'tpu' does not match"),
        ({"tool": "pytorch"}, "'study' is a required property"),
    ],
)
def test_a_card_that_does_not_belong_is_refused_by_name(tmp_path, other, words):
    with pytest.raises(BadInput, match="1.json: ") as refused:
        collect_cards.collect(written(tmp_path, card("pytorch"), other))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "results/published").glob("*/*/parity/cards/*/*/*.json")),
    ids=lambda path: path.stem,
)
def test_archived_cards_are_still_cards(path):
    assert collect_cards.collect([path])["cards"] == [json.loads(path.read_text())]
