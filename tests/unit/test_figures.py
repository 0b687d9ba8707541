"""Figures: every run is drawn, colours are steady, and there is always a figure."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import ROOT, changed, order, record, write

import make_figures
import merge_records
from reporting.cells import read_blocks
from reporting.figures import FIGURES, PARTS, split
from reporting.style import PALETTE, tool_colours

SVG = "{http://www.w3.org/2000/svg}"


def runs_csv(home, records):
    paths = write(records, home)
    output = str(home / "runs.csv")
    arguments = ["--records", *map(str, paths), "--output", output]
    assert merge_records.main(arguments) == 0
    return output


def figures(home, records, settings_json="{}"):
    """Texts of all figures by name."""
    target = home / "figures"
    runs = runs_csv(home, records)
    options = ["--runs", runs, "--order", settings_json, "--output-dir", str(target)]
    assert make_figures.main(options) == 0
    assert sorted(path.name for path in target.iterdir()) == sorted(f"{n}.svg" for n in FIGURES)
    return {name: (target / f"{name}.svg").read_text() for name in FIGURES}


def marks(svg):
    """Number of points of all scatters."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("PathCollection")]
    return sum(len(list(group.iter(f"{SVG}use"))) for group in groups)


def comments(svg):
    """The words of a figure: text is drawn as paths, with the words as comments."""
    return " ".join(re.findall(r"<!-- (.*?) -->", svg, re.DOTALL))


MIXED = [
    *[record("fast", repeat=n, train_s=9 + n) for n in (1, 2, 3)],
    *[record("slow", repeat=n, train_s=400 + n) for n in (1, 2, 3)],
    *[record("absent", repeat=n, outcome="unavailable") for n in (1, 2, 3)],
    *[record("fast", device="gpu", repeat=n, outcome="no_device") for n in (1, 2, 3)],
]
ORDER = order(["fast", "slow", "absent"], baseline="slow")


def test_every_run_is_a_point(tmp_path):
    shown = figures(tmp_path, MIXED, ORDER)
    assert marks(shown["time_by_tool"]) == 6
    assert marks(shown["error_rate"]) == 6


def test_tools_that_did_not_run_are_shown_with_their_outcome(tmp_path):
    for name, svg in figures(tmp_path, MIXED, ORDER).items():
        words = comments(svg)
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
    colours = tool_colours(read_blocks(tmp_path / "runs.csv"))
    assert len(set(colours.values())) == 3
    for name in ("time_by_tool", "error_rate", "speedup"):
        assert colours["fast"] in shown[name]
    assert not set(PARTS.values()) & set(PALETTE), "a part of the time looks like a tool"


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
        [changed(record("a"), "quality.error_rate", None), record("base")],
        [record("base", repeat=1), record("base", repeat=2, outcome="failed"), record("a")],
        [record(f"tool_{i}", train_s=i + 1) for i in range(25)],
        [record("a", name="A $name$ with % and _ ^ \\ in it"), record("base")],
    ],
)
def test_there_is_always_a_figure(tmp_path, records):
    for svg in figures(tmp_path, records, order(["a", "base"], baseline="base")).values():
        ElementTree.fromstring(svg)


def test_a_study_without_a_measurement_says_so(tmp_path):
    records = [record("a", outcome="failed"), record("b", outcome="failed")]
    for svg in figures(tmp_path, records, order(["a"], baseline="a")).values():
        assert "Nothing was measured: failed (2)." in comments(svg)
        assert marks(svg) == 0


def test_the_speed_up_says_when_the_baseline_is_missing(tmp_path):
    shown = figures(tmp_path, [record("a"), record("b", outcome="failed")], order([], baseline="b"))
    assert "was not measured" in comments(shown["speedup"])


def test_published_runs_are_drawn_and_named_as_such(tmp_path):
    paths = write([record("a")], tmp_path)
    (tmp_path / "old.csv").write_text(
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
        "published,quick,old,Old,local,cpu,1,ok,2\n"
    )
    runs = str(tmp_path / "runs.csv")
    arguments = ["--records", *map(str, paths), "--published", str(tmp_path / "old.csv")]
    assert merge_records.main([*arguments, "--output", runs]) == 0
    blocks = read_blocks(runs)
    for draw in FIGURES.values():
        assert "Old (published)" in comments(draw(blocks, order_of("a")))


def order_of(baseline):
    from reporting.order import Order

    return Order(baseline=baseline)


SECONDS = st.floats(0, 1e6)


@given(SECONDS, SECONDS, st.none() | st.lists(SECONDS, max_size=6), st.floats(0, 1e5))
def test_the_parts_of_a_run_add_up(imports, init, epochs, before):
    train = sum(epochs or []) + before
    run = {"import_s": imports, "init_s": init, "epochs_s": epochs, "train_s": train}
    parts = split(run)
    assert sum(parts.values()) == pytest.approx(imports + init + train)
    assert all(seconds > 0 for seconds in parts.values())
