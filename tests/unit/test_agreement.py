"""A record can not borrow a card: it must be of the very adapter, environment, options and work."""

import json
from pathlib import Path

import pytest
from ranking_results import THREE, TOOLS, lines, names, notes, results
from synthetic import ROOT, card, card_1, changed, record, record_1

from benchm.records.layout import SCHEMA
from benchm.records.reading import read_record
from benchm.records.upgrade import lift
from benchm.reporting.columns import flatten, record_of
from benchm.verifying import agreement

#: What an edit may change in a record that stays valid, and what the table then says of it.
EDITS = {
    "provenance.adapter_sha256": ("ee" * 32, "adapter: 121212121212 on the card, eeeeeeeeeeee"),
    "provenance.contract_sha256": ("ee" * 32, "contract's helper: 343434343434 on the card"),
    "software.environment_file_sha256": ("ee" * 32, "environment file: abababababab on the card"),
    "software.environment_installed_sha256": ("ee" * 32, "installed packages: cdcdcdcdcdcd on"),
    "software.interpreter": ("Python 3.13.0", "interpreter: Python 3.12.1 on the card, Python"),
    "software.versions": (
        {"fast": "1.2.4", "numpy": "2.0.0"},
        "packages' versions: fast 1.2.3 on the card, fast 1.2.4 in the record",
    ),
    "software.facts": (
        {"threads": 2, "precision": "bfloat16"},
        "precision: float32 on the card, bfloat16 in the record",
    ),
    "software.options": ({"jit": True}, "options: none on the card, jit True in the record"),
}
PARAMETERS = {"threads": 2, "precision": "float32", "parameters": 917370}


def edited(place, value):
    return [changed(THREE[0], place, value), *THREE[1:]]


def cards(**of_fast):
    return [card("fast", **of_fast), card("mid"), card("slow")]


def assert_unranked(home, words):
    assert names(home) == ["Mid", "Slow", "Fast"]
    line = lines(home)["fast"]
    assert (line["train_s"], line["ranked"], line["vs_best"]) == ("1.0", "no", "")
    assert f"Unranked: Fast (local, cpu): its card is not of this run ({words}" in notes(home)
    assert lines(home)["mid"]["vs_best"] == "1.0"


@pytest.mark.parametrize("place", EDITS)
def test_an_edited_record_keeps_its_row_unranked_with_the_reason(tmp_path, place):
    value, words = EDITS[place]
    assert_unranked(results(tmp_path, edited(place, value), cards(), TOOLS), words)


@pytest.mark.parametrize("place", EDITS)
def test_what_a_record_leaves_out_is_a_disagreement_too(tmp_path, place):
    nothing = {"software.versions": {}, "software.facts": {}}
    items = edited(place, nothing.get(place))
    if place == "software.options":
        del items[0]["software"]["options"]  # as a record that was made before there was the key
    assert_unranked(results(tmp_path, items, cards(), TOOLS), EDITS[place][1].partition(":")[0])


def test_another_number_of_parameters_and_options_are_told_in_words(tmp_path):
    of_card = cards(options={"backend": "jax", "x": 1}, facts=PARAMETERS | {"parameters": 65402})
    items = edited("software.facts", PARAMETERS)
    items[0]["software"]["options"] = {"backend": "torch", "x": 1}
    assert_unranked(
        results(tmp_path, items, of_card, TOOLS),
        "options: backend jax on the card, backend torch in the record; "
        "number of parameters: 65402 on the card, 917370 in the record",
    )


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ({"n_train": 6000, "epochs": 2}, "epochs: 2 on the card, 4 in the record"),
        ({"n_train": 600, "epochs": 4}, "training samples: 600 on the card, 6000 in the record"),
        ({"protocol": {"dropout": 0.5}}, "protocol: dropout 0.5 on the card, dropout 0.2 in the"),
        ({"workload": "tabular"}, "workload: tabular on the card, cnn in the record"),
    ],
)
def test_a_card_of_another_protocol_is_none(tmp_path, work, words):
    own = card()["work"]
    work = own | work | {"protocol": own["protocol"] | work.get("protocol", {})}
    assert_unranked(results(tmp_path, THREE, cards(work=work), TOOLS), words)


def test_a_card_of_the_first_contract_is_none_of_a_record_of_the_second(tmp_path):
    home = results(tmp_path, THREE, [card_1("fast"), card("mid"), card("slow")], TOOLS)
    assert_unranked(home, "contract: 1 on the card, 2 in the record")


def test_one_edited_repeat_is_enough_and_named(tmp_path):
    other = changed(record("fast", repeat=2, train_s=1), "software.interpreter", "Python 3.13.0")
    home = results(tmp_path, [*THREE, other], cards(), TOOLS)
    assert lines(home)["fast"]["ranked"] == "no"
    assert "its card is not of this run, round 2 (interpreter: Python 3.12.1 on" in notes(home)


# -- the first contract -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archived():
    """Every archived pair of a card and a record that came out ok, after the record's path."""
    return list(read_archived())


def read_archived():
    for folder in sorted((ROOT / "results/published").glob("*/*")):
        for path in sorted(folder.glob("runs/*/*/*/*.json")):
            *_, instance, device, tool, _ = path.parts
            made = Path(folder, "parity/cards", instance, device, f"{tool}.json")
            item = read_record(path)
            if made.exists() and item["status"]["outcome"] == "ok":
                yield path, json.loads(made.read_text()), item


def test_every_archived_record_agrees_with_its_card(archived):
    assert len(archived) > 60
    for path, made, item in archived:
        assert agreement.differences(made, item) == [], path


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("software.versions", {"torch": "3.0.0+cpu"}, "packages' versions: torch 2.13.0 on the"),
        ("software.versions", {"numpy": "2.4.6"}, "packages' versions: torch 2.13.0 on the"),
        ("software.facts.precision", "bfloat16", "precision: float32 on the card, bfloat16 in"),
        ("software.facts.precision", None, "precision: float32 on the card, none in the record"),
        ("software.facts.parameters", 917370, "number of parameters: 65402 on the card, 917370"),
        ("software.interpreter", "Python 3.9", "interpreter: Python 3.11.7 on the card"),
        ("provenance.adapter_sha256", "ee" * 32, "adapter: "),
    ],
)
def test_an_archived_record_that_is_edited_agrees_no_longer(archived, place, value, words):
    made, item = next((made, item) for path, made, item in archived if "pytorch" in path.parts)
    (found,) = agreement.differences(made, changed(item, place, value))
    assert found.startswith(words)


def test_a_record_of_version_1_can_not_borrow_a_card_of_today():
    found = agreement.differences(card(), lift(record_1()))
    assert "contract: 2 on the card, 1 in the record" in found


# -- what is asked of a row ---------------------------------------------------------------------


@pytest.mark.parametrize("make", [record, record_1])
def test_a_row_holds_all_that_is_compared(make):
    item = lift(make())
    row = record_of(flatten(item))
    for places in (*agreement.SAME.values(), *agreement.SAME_SINCE_2.values()):
        found, wanted = row, item
        for key in places[1]:
            found, wanted = found.get(key), wanted.get(key)
        assert found == wanted, places


def test_options_stand_in_the_schema_of_records_and_need_not_be_there():
    software = json.loads(SCHEMA.read_text())["properties"]["software"]
    assert "options" in software["properties"] and "options" not in software["required"]


def test_parameters_of_a_model_agree_to_the_decimals_that_a_record_holds():
    def differ(mine, theirs):
        card = {"contract": 2, "facts": {"settings": {"rate": mine}}}
        found = {"software": {"facts": {"settings": {"rate": theirs}}}}
        return any(
            words.startswith(agreement.SETTINGS) for words in agreement.differences(card, found)
        )

    assert not differ(0.300000012, 0.3) and not differ(1e-7, 0.0) and not differ(1e-7, 1e-7)
    assert differ(0.31, 0.3) and differ(0.3, 0.300000012) and differ(float("nan"), 0.3)
