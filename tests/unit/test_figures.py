"""Figures: every run is drawn, colours are steady, and there is always a figure."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from synthetic import ROOT, card, changed, order, record, write, write_cards

import make_figures
import merge_records
from make_figures import FIGURES
from reporting import style
from reporting.cells import read_blocks
from reporting.divergence import FLOOR, inside, spread
from reporting.figures import PARTS, split
from reporting.order import read_order
from reporting.story import FLOP_PER_IMAGE, arithmetic_s, launches_s
from reporting.style import PALETTE, tool_colours

SVG = "{http://www.w3.org/2000/svg}"


def runs_csv(home, records, published=None):
    paths = write(records, home)
    output = str(home / "runs.csv")
    arguments = ["--records", *map(str, paths), "--output", output]
    if published:
        (home / "old.csv").write_text(published)
        arguments += ["--published", str(home / "old.csv")]
    assert merge_records.main(arguments) == 0
    return output


def figures(home, records, settings_json="{}", published=None, cards=None):
    """Texts of all figures by name."""
    target = home / "figures"
    runs = runs_csv(home, records, published)
    options = ["--runs", runs, "--order", settings_json, "--output-dir", str(target)]
    if cards is not None:
        options += ["--cards", *write_cards(cards, home / "parity")]
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


#: Figures with a row for every tool; the others tell of machines and of parity.
COMPARING = ["time_by_tool", "time_split", "error_rate", "speedup"]

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
    for name in ("time_by_tool", "error_rate", "speedup"):
        assert colours["fast"] in shown[name]
    assert not set(PARTS.values()) & set(PALETTE), "a part of the time looks like a tool"


def test_variants_take_no_colour_from_the_tools(tmp_path):
    tools = [f"tool_{i}" for i in range(len(PALETTE))]
    settings = json.loads(order(tools))
    settings["tools"].insert(0, {"id": "old", "variant_of": "tool_3", "deviation": "no bias"})
    blocks = read_blocks(runs_csv(tmp_path, [record(tool) for tool in ["old", *tools]]))
    colours = tool_colours(blocks, read_order(json.dumps(settings)))
    assert colours["old"] == colours["tool_3"]
    assert len(set(colours.values())) == len(tools)


def words_of(figure):
    """(words, box in pixels) of all that is written in a figure."""
    renderer = figure.canvas.get_renderer()
    outside = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        outside |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in outside:
            text.get_window_extent(renderer)  # moves an annotation to its place
            # Not the annotation's own extent, which holds its arrow as well.
            yield text.get_text(), Text.get_window_extent(text, renderer).padded(-1)


@pytest.fixture
def drawn(monkeypatch):
    """All figures that are made, by title, kept open to be looked at."""
    kept = []
    monkeypatch.setattr(style.pyplot, "close", kept.append)
    yield kept
    monkeypatch.undo()
    for figure in kept:
        style.pyplot.close(figure)


HARD_TO_DRAW = {
    "a slow tool with a short name": (
        [
            record("base", train_s=1),
            record("neon", train_s=15.04),
            record("m", name="A tool of a rather long name, published"),
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
    settings = order(["base", "n"], baseline="base", instances=machines or {})
    figures(tmp_path, records, settings, cards=cards)
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
    shown = figures(tmp_path, records, order(["a"], baseline="a"))
    for name in COMPARING:
        assert "Nothing was measured: failed (2)." in comments(shown[name])
        assert marks(shown[name]) == 0
    assert "There are no times." in comments(shown["story"])


def test_the_speed_up_says_when_the_baseline_is_missing(tmp_path):
    shown = figures(tmp_path, [record("a"), record("b", outcome="failed")], order([], baseline="b"))
    assert "was not measured" in comments(shown["speedup"])


PUBLISHED = (
    "source,study,tool,tool_name,instance,device,repeat,outcome,train_s,n_train,epochs,batch_size,"
    "machine_gpus\n"
    "published,quick,old,Old,local,cpu,1,ok,2,,,,\n"
    'published,quick,old,Old,p2,gpu,1,ok,40,6000,4,128,"[""Tesla K80""]"\n'
)
MACHINES = {"p2": {"gpu": "Tesla K80", "gpus": 1, "year": 2016, "peak_float32_tflops": 4.1}}


def test_published_runs_are_drawn_and_named_as_such(tmp_path):
    shown = figures(tmp_path, [record("a")], order(["a"], baseline="a"), PUBLISHED)
    for name in ("time_by_tool", "error_rate", "speedup"):
        assert "Old (published)" in comments(shown[name]), name
    assert "published" in comments(shown["story"])


def test_published_times_are_not_ranked_among_measured_ones(tmp_path):
    shown = figures(tmp_path, [record("a")], order(["a"], baseline="a"), PUBLISHED)
    for name in ("time_by_tool", "speedup"):
        words = comments(shown[name])
        assert words.index(" A ") < words.index("Old (published)"), f"{name}: 2 s before 10 s"
    words = comments(shown["story"])
    assert "10.0 s" in words and "2 s" in words, "each has a fastest of its own"
    assert "local, cpu · published" in words and "local, cpu " in words


def test_the_figure_of_errors_names_an_interval_only_where_it_has_one(tmp_path):
    rated = PUBLISHED.replace("machine_gpus", "machine_gpus,error_rate")
    rated = rated.replace(",,,,\n", ",,,,,0.01\n").replace(']"\n', ']",0.01\n')
    rated += rated.splitlines()[2].replace("old,Old", "new,New") + "\n"
    words = comments(figures(tmp_path, [record("a")], "{}", rated)["error_rate"])
    assert words.count("of the test images, with 95 % interval") == 1
    assert words.count("of the test images") == 2


def test_a_single_published_time_is_left_to_the_story(tmp_path):
    shown = figures(tmp_path, [record("a")], order(["a"], baseline="a"), PUBLISHED)
    for name in COMPARING:
        assert "p2, gpu" not in comments(shown[name]), name
    assert "Tesla K80" in comments(shown["story"])


# -- the story --------------------------------------------------------------------------------


def colours_of_marks(svg):
    """(fill, stroke) of every point of all scatters."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("PathCollection")]
    found = []
    for group in groups:
        for use in group.iter(f"{SVG}use"):
            look = dict(part.split(": ") for part in use.get("style").split("; "))
            found.append((look.get("fill"), look.get("stroke")))
    return found


def test_published_times_are_hollow_and_measured_ones_filled(tmp_path):
    settings = order(["a", "old"], instances=MACHINES)
    shown = figures(tmp_path, [record("a")], settings, PUBLISHED)
    looks = colours_of_marks(shown["story"])
    assert len(looks) == 3, "one point for each cell"
    filled = [(fill, stroke) for fill, stroke in looks if fill == stroke]
    assert filled == [(PALETTE[0],) * 2]
    assert sum(fill == "#ffffff" for fill, _ in looks) == 2


def test_machines_come_in_the_order_of_their_years(tmp_path):
    records = [record("a", instance=name) for name in ("young", "old", "unknown")]
    years = {"young": {"year": 2024}, "old": {"year": 1999}}
    words = comments(figures(tmp_path, records, order(["a"], instances=years))["story"])
    places = [
        words.index(name) for name in ("old, cpu · 1999", "young, cpu · 2024", "unknown, cpu")
    ]
    assert places == sorted(places)
    assert "1999 to now" in words


def test_one_machine_has_a_story_without_years_and_bounds(tmp_path):
    words = comments(figures(tmp_path, MIXED, ORDER)["story"])
    assert "tool by tool" in words and "to now" not in words
    assert "at peak" not in words and "launches" not in words


def test_the_bounds_are_those_of_the_protocol(tmp_path):
    """2.643 TFLOP for ten epochs: 0.64 s on a K80 and 0.04 s on an H200, 0.2 s of launches."""
    assert round(FLOP_PER_IMAGE / 1e6, 3) == 4.405
    study = {"n_train": 60000, "n_test": 10000, "epochs": 10}
    records = [
        record("a", instance="k80", device="gpu", gpus=["K80"], **study),
        record("a", instance="k80", device="cpu", gpus=["K80"], **study),
        record("a", instance="h200", device="gpu-2", gpus=["H200"] * 2, **study),
        record("a", instance="xeon", **study),
        record("a", instance="who", device="gpu", gpus=["G"], **study),
    ]
    machines = {
        "k80": {"gpu": "K80", "gpus": 1, "peak_float32_tflops": 4.1},
        "h200": {"gpu": "H200", "gpus": 2, "peak_float32_tflops": 67},
        "xeon": {"peak_float32_tflops": 1.0},
    }
    settings = read_order(order(["a"], instances=machines))
    cells = {(b.instance, b.device): b.cells[0] for b in read_blocks(runs_csv(tmp_path, records))}
    seconds = {place: arithmetic_s(cell, settings) for place, cell in cells.items()}
    assert seconds["k80", "gpu"] == pytest.approx(0.645, abs=0.001)
    assert seconds["h200", "gpu-2"] == pytest.approx(0.0197, abs=0.0001)
    assert seconds["xeon", "cpu"] == pytest.approx(2.643, abs=0.001)
    assert seconds["k80", "cpu"] is None, "the peak is that of the GPU"
    assert seconds["who", "gpu"] is None
    assert launches_s(cells["who", "gpu"]) == pytest.approx(4690 * 20 * 2e-6)
    assert launches_s(cells["k80", "cpu"]) is None


def test_the_story_tells_the_distance_from_the_larger_bound(tmp_path):
    settings = order(["old"], instances=MACHINES)
    words = comments(figures(tmp_path, [record("a")], settings, PUBLISHED)["story"])
    bound = FLOP_PER_IMAGE * 6000 * 4 / 4.1e12
    assert f"{bound:.3f} s" in words
    assert f"{float(f'{40 / bound:.2g}'):,.0f}x" in words


def test_variants_are_not_in_the_story(tmp_path):
    settings = json.loads(order(["a", "b"]))
    settings["tools"].append({"id": "b", "name": "B 2017", "variant_of": "a"})
    records = [record("a"), record("b", train_s=1)]
    shown = figures(tmp_path, records, json.dumps(settings))["story"]
    assert marks(shown) == 1 and "B 2017" not in comments(shown)
    assert "variants of 2017 left out" in comments(shown)


def test_near_the_baseline_the_axis_has_more_than_one_tick(tmp_path):
    records = [record("a", train_s=9), record("base", train_s=10)]
    words = comments(figures(tmp_path, records, order([], baseline="base"))["speedup"])
    assert {"1/1.4x", "1x", "1.4x"} <= set(words.split())


def test_unranked_tools_keep_off_the_time_of_the_fastest(tmp_path, drawn):
    """Its time is written to the left of its dot, where a faster one that is unranked may be."""
    records = [record(tool, train_s=9 + i / 4) for i, tool in enumerate(["x", "y", "base"])]
    cards = [card("x", "different"), card("y", "different"), card("base")]
    figures(tmp_path, records, order(["x", "y", "base"]), cards=cards)
    story = drawn[list(FIGURES).index("story")].axes[0]
    heights = [dot.get_offsets()[0][1] for dot in story.collections]
    assert heights[2] == 0 and 0 not in heights[:2]


# -- parity -----------------------------------------------------------------------------------


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
    assert "measured, unranked" in comments(shown["story"])
    assert marks(shown["story"]) == 3


def test_parity_has_a_line_for_each_tool_and_device(tmp_path):
    cards = [card("a"), card("b", "different"), card("a", device="gpu"), card("c", None)]
    svg = figures(tmp_path, [record("a"), record("b")], order(["a", "b"]), cards=cards)["parity"]
    words = comments(svg)
    assert "local, cpu" in words and "local, gpu" in words
    assert words.count(" B ") + words.endswith(" B") == 1
    assert "tolerance" in words
    assert words.count("C") == words.count("no losses to compare: C") == 1, "told, without a line"


def test_no_difference_at_all_can_be_drawn(tmp_path):
    zero = card("a", series={"loss_error": [0.0, 0.0], "loss": [2.3, 2.3]})
    svg = figures(tmp_path, [record("a")], order(["a"]), cards=[zero])["parity"]
    assert "nan" not in svg and "inf" not in svg
    assert 0 < FLOOR < 6e-8, "it must lie below the rounding of float32"


def test_without_cards_the_figure_says_so(tmp_path):
    assert "no parity cards" in comments(figures(tmp_path, [record("a")])["parity"])


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12).map(sorted), st.floats(0.01, 1))
def test_names_are_moved_apart_no_more_than_needed(heights, gap):
    moved = spread(heights, gap)
    assert len(moved) == len(heights)
    steps = [b - a for a, b in zip(moved, moved[1:], strict=False)]
    assert all(step >= gap * (1 - 1e-9) for step in steps)
    assert sum(moved) == pytest.approx(sum(heights), abs=1e-6)
    if all(b - a > gap for a, b in zip(heights, heights[1:], strict=False)):
        assert moved == heights


@given(st.lists(st.floats(-5, 15), min_size=1, max_size=12).map(sorted))
def test_names_stay_beside_the_figure(heights):
    moved = inside(spread(heights, 0.5), 0.5, 0.25, 9.75)
    assert min(moved) >= 0.25 and max(moved) <= 9.75
    assert all(b - a > 0.499 for a, b in zip(moved, moved[1:], strict=False))


SECONDS = st.floats(0, 1e6)


@given(SECONDS, SECONDS, st.none() | st.lists(SECONDS, max_size=6), st.floats(0, 1e5))
def test_the_parts_of_a_run_add_up(imports, init, epochs, before):
    train = sum(epochs or []) + before
    run = {"import_s": imports, "init_s": init, "epochs_s": epochs, "train_s": train}
    parts = split(run)
    assert sum(parts.values()) == pytest.approx(imports + init + train)
    assert all(seconds > 0 for seconds in parts.values())
