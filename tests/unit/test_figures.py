"""Figures: every run is drawn, colours are steady, and there is always a figure."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from drawing import MIXED, ORDER, PUBLISHED, SVG, comments, figures, marks, runs_csv, words_of
from hypothesis import given
from hypothesis import strategies as st
from synthetic import ROOT, card, changed, of_metric, order, record

from benchm.reporting.blocks import read_blocks
from benchm.reporting.colours import PALETTE, colour
from benchm.reporting.figure_times import PARTS, split
from benchm.reporting.order import read_order
from benchm.reporting.style import tool_colours
from make_figures import FIGURES

#: Figures with a row for every tool; the others tell of machines and of parity.
COMPARING = ["time_by_tool", "time_split", "quality", "speedup"]


def test_every_run_is_a_point(tmp_path):
    shown = figures(tmp_path, MIXED, ORDER)
    assert marks(shown["time_by_tool"]) == 6
    assert marks(shown["quality"]) == 6


def test_tools_that_did_not_run_are_shown_with_their_outcome(tmp_path):
    shown = figures(tmp_path, MIXED, ORDER)
    for name in COMPARING:
        words = comments(shown[name])
        assert "Absent" in words and "unavailable" in words, name
        assert "local, gpu" in words and "no device (1)" in words, name


def test_figures_are_svg_on_white(tmp_path):
    for svg in figures(tmp_path, MIXED, ORDER).values():
        root = ElementTree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        background = next(root.iter(f"{SVG}path"))
        assert "fill: #ffffff" in background.get("style")


def test_figures_are_the_same_in_another_process(tmp_path):
    shown = figures(tmp_path, MIXED, ORDER)
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, str(ROOT / "scripts/make_figures.py"), "--runs",
         str(tmp_path / "runs.csv"), "--order", ORDER, "--output-dir", str(again)],
        check=True, env={**os.environ, "PYTHONHASHSEED": "12345"},
    )  # fmt: skip
    for name, svg in shown.items():
        assert (again / f"{name}.svg").read_text() == svg
        assert not re.search(r"<dc:date>|\d{4}-\d{2}-\d{2}T", svg), "a date makes every one new"


def test_a_tool_has_one_colour_in_all_figures(tmp_path):
    shown = figures(tmp_path, MIXED, ORDER)
    colours = tool_colours(read_blocks(tmp_path / "runs.csv"), read_order(ORDER))
    assert len(set(colours.values())) == 3
    for name in ("time_by_tool", "quality", "speedup"):
        assert colours["fast"] in shown[name]
    assert not set(PARTS.values()) & set(PALETTE), "a part of the time looks like a tool"


def test_variants_take_no_colour_from_the_tools(tmp_path):
    tools = [f"tool_{i}" for i in range(3 * len(PALETTE))]
    settings = json.loads(order(tools))
    settings["tools"].insert(0, {"id": "old", "variant_of": "tool_3", "deviation": "no bias"})
    blocks = read_blocks(runs_csv(tmp_path, [record(tool) for tool in ["old", *tools]]))
    colours = tool_colours(blocks, read_order(json.dumps(settings)))
    assert colours["old"] == colours["tool_3"]
    assert len(set(colours.values())) == len(tools)


def test_no_two_tools_have_one_colour():
    colours = [colour(number) for number in range(100)]
    assert len(set(colours)) == 100 and colours[: len(PALETTE)] == PALETTE
    assert all(re.fullmatch("#[0-9a-f]{6}", each) for each in colours)


HARD_TO_DRAW = {
    "a slow tool with a short name": (
        [
            record("base", train_s=1),
            record("neon", train_s=15.04),
            record("m"),
        ],
        None,
        None,
    ),
    "many tools that end alike": (
        [record(f"t{i}", train_s=2**i) for i in range(21)],
        [card(f"t{i}") for i in range(21)],
        None,
    ),
    "GPUs with long names": (
        [
            record(
                "base",
                device="gpu-8",
                instance="p5",
                gpus=["NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition"] * 8,
            )
        ],
        None,
        {"p5": {"gpu": "H100", "gpus": 8, "year": 2023, "peak_float32_tflops": 67}},
    ),
}


@pytest.mark.parametrize("case", HARD_TO_DRAW)
def test_words_stand_inside_the_figure_and_off_each_other(tmp_path, drawn, case):
    records, cards, machines = HARD_TO_DRAW[case]
    settings = json.loads(order(["base", "n"], baseline="base", instances=machines or {}))
    settings["tools"].append({"id": "m", "name": "A tool of a rather long name, published"})
    figures(tmp_path, records, json.dumps(settings), cards=cards)
    assert len(drawn) == len(FIGURES)
    for figure in drawn:
        written = list(words_of(figure))
        for number, (words, box) in enumerate(written):
            assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0, words
            for others, other in written[number + 1 :]:
                assert not box.overlaps(other), f"{words!r} and {others!r} overlap"


def test_the_scale_is_logarithmic_only_when_times_differ_widely(tmp_path):
    wide = figures(tmp_path / "wide", [record("a", train_s=1), record("b", train_s=11)])
    near = figures(tmp_path / "near", [record("a", train_s=1), record("b", train_s=9)])
    assert "logarithmic" in comments(wide["time_by_tool"])
    assert "logarithmic" not in comments(near["time_by_tool"])


@pytest.mark.parametrize(
    "records",
    [
        [record("a", outcome="failed"), record("b", outcome="timeout")],
        [record("a"), record("base", outcome="failed")],
        [record("a", errors=0), record("base", errors=0)],
        [record("a", errors=2000), record("base")],
        [record("a", train_s=1e-6), record("base", train_s=1e6)],
        [
            record(t, repeat=n, train_s=10.0 ** (n if t == "a" else -n))
            for t in ("a", "base")
            for n in (1, 2)
        ],
        [record("a", epochs=1), record("base", epochs=1)],
        [changed(record("a"), "times.epochs_s", None), record("base")],
        [changed(record("a"), "times.import_s", None), record("base")],
        [changed(record("a"), "quality.value", None), record("base")],
        [record("base", repeat=1), record("base", repeat=2, outcome="failed"), record("a")],
        [record(f"tool_{i}", train_s=i + 1) for i in range(25)],
    ],
)
def test_there_is_always_a_figure(tmp_path, records):
    for svg in figures(tmp_path, records, order(["a", "base"], baseline="base")).values():
        ElementTree.fromstring(svg)


def test_another_metric_has_its_own_scale_and_words(tmp_path, auc):
    records = [of_metric(record(tool), auc, value) for tool, value in (("a", 0.71), ("b", 0.74))]
    words = comments(figures(tmp_path, records, order(["a", "b"]))["quality"])
    assert "AUC on the test set" in words and "more is better" in words
    assert "0.7100" in words and "0.7400" in words and "%" not in words.replace("95 %", "")


def test_any_name_can_be_drawn(tmp_path):
    name = "A $name$ with % and _ ^ \\ in it"
    settings = json.dumps({"tools": [{"id": "a", "name": name}], "baseline": "a"})
    for svg in figures(tmp_path, [record("a")], settings).values():
        ElementTree.fromstring(svg)


def test_a_study_without_a_measurement_says_so(tmp_path):
    records = [record("a", outcome="failed"), record("b", outcome="failed")]
    shown = figures(tmp_path, records, order(["a"], baseline="a"))
    for name in COMPARING:
        assert "Nothing was measured: failed (2)." in comments(shown[name])
        assert marks(shown[name]) == 0
    assert "There are no times." in comments(shown["machines"])


def test_the_speed_up_says_when_the_baseline_is_missing(tmp_path):
    shown = figures(tmp_path, [record("a"), record("b", outcome="failed")], order([], baseline="b"))
    assert "was not measured" in comments(shown["speedup"])


def test_published_runs_are_drawn_and_named_as_such(tmp_path):
    shown = figures(tmp_path, [record("a")], order(["a"], baseline="a"), PUBLISHED)
    for name in ("time_by_tool", "quality", "speedup"):
        assert "Old (published)" in comments(shown[name]), name
    assert "published" in comments(shown["machines"])


def test_published_times_are_not_ranked_among_measured_ones(tmp_path):
    shown = figures(tmp_path, [record("a")], order(["a"], baseline="a"), PUBLISHED)
    for name in ("time_by_tool", "speedup"):
        words = comments(shown[name])
        assert words.index(" A ") < words.index("Old (published)"), f"{name}: 2 s before 10 s"
    words = comments(shown["machines"])
    assert "10.0 s" in words and "2 s" in words, "each has a fastest of its own"
    assert "local, cpu · published" in words and "local, cpu " in words


def test_the_figure_of_errors_names_an_interval_only_where_it_has_one(tmp_path):
    rated = PUBLISHED.replace("machine_gpus", "machine_gpus,error_rate")
    rated = rated.replace(",,,,\n", ",,,,,0.01\n").replace(']"\n', ']",0.01\n')
    rated += rated.splitlines()[2].replace("old,Old", "new,New") + "\n"
    words = comments(figures(tmp_path, [record("a")], "{}", rated)["quality"])
    assert words.count("on the test samples, with 95 % interval") == 1
    assert words.count("on the test samples") == 2


def test_a_single_published_time_is_left_to_the_figure_of_machines(tmp_path):
    shown = figures(tmp_path, [record("a")], order(["a"], baseline="a"), PUBLISHED)
    for name in COMPARING:
        assert "p2, gpu" not in comments(shown[name]), name
    assert "Tesla K80" in comments(shown["machines"])


def test_near_the_baseline_the_axis_has_more_than_one_tick(tmp_path):
    records = [record("a", train_s=9), record("base", train_s=10)]
    words = comments(figures(tmp_path, records, order([], baseline="base"))["speedup"])
    assert {"1/1.4x", "1x", "1.4x"} <= set(words.split())


def test_unranked_tools_are_named_and_stand_behind_the_ranked(tmp_path):
    records = [record("fast", train_s=1), record("slow", train_s=5), record("base", train_s=6)]
    cards = [card("fast", "different"), card("slow"), card("base")]
    settings = order(["fast", "slow", "base"], baseline="base")
    shown = figures(tmp_path, records, settings, cards=cards)
    for name in COMPARING:
        words = comments(shown[name])
        assert "Fast, unranked" in words, name
        assert words.index("Slow") < words.index("Fast, unranked"), name
    assert "not compared" in comments(shown["speedup"])
    records.append(record("base", instance="zoo"))
    shown = figures(tmp_path / "2", records, settings, cards=cards)
    assert "measured, unranked" in comments(shown["machines"])
    assert marks(shown["machines"]) == 4


SECONDS = st.floats(0, 1e6)


@given(SECONDS, SECONDS, st.none() | st.lists(SECONDS, max_size=6), st.floats(0, 1e5))
def test_the_parts_of_a_run_add_up(imports, init, epochs, before):
    train = sum(epochs or []) + before
    run = {"import_s": imports, "init_s": init, "epochs_s": epochs, "train_s": train}
    parts = split(run)
    assert sum(parts.values()) == pytest.approx(imports + init + train)
    assert all(seconds > 0 for seconds in parts.values())
