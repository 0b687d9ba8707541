"""The figure of all machines: what is measured and published, and the bounds of a workload."""

import json

import pytest
from drawing import (
    MACHINES,
    MIXED,
    ORDER,
    PUBLISHED,
    WORKLOAD,
    colours_of_marks,
    comments,
    figures,
    marks,
    runs_csv,
)
from synthetic import card, order, record

from benchm.reporting.blocks import read_blocks
from benchm.reporting.colours import PALETTE
from benchm.reporting.machines import arithmetic_s, launches_s
from benchm.reporting.order import read_order
from make_figures import FIGURES


def test_published_times_are_hollow_and_measured_ones_filled(tmp_path):
    settings = order(["a", "old"], instances=MACHINES)
    shown = figures(tmp_path, [record("a")], settings, PUBLISHED)
    looks = colours_of_marks(shown["machines"])
    assert len(looks) == 3, "one point for each cell"
    filled = [(fill, stroke) for fill, stroke in looks if fill == stroke]
    assert filled == [(PALETTE[0],) * 2]
    assert sum(fill == "#ffffff" for fill, _ in looks) == 2


def test_machines_come_in_the_order_of_their_years(tmp_path):
    records = [record("a", instance=name) for name in ("young", "old", "unknown")]
    years = {"young": {"year": 2024}, "old": {"year": 1999}}
    words = comments(figures(tmp_path, records, order(["a"], instances=years))["machines"])
    places = [
        words.index(name) for name in ("old, cpu · 1999", "young, cpu · 2024", "unknown, cpu")
    ]
    assert places == sorted(places)
    assert "1999 to now" in words


def test_one_machine_alone_is_a_sentence_and_no_figure(tmp_path):
    """Another figure shows its times, and there are neither bars nor bounds to speak of."""
    shown = figures(tmp_path, MIXED, ORDER)["machines"]
    words = comments(shown)
    assert marks(shown) == 0 and "All times are of one machine and device, local, cpu" in words
    assert "at peak" not in words and "launches" not in words and "to now" not in words
    none = figures(tmp_path / "2", [record("a", outcome="failed")])["machines"]
    assert "There are no times." in comments(none)


def test_the_bounds_are_those_of_the_protocol(tmp_path):
    """2.643 TFLOP for ten epochs: 0.64 s on a K80 and 0.04 s on an H200, 0.2 s of launches."""
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
    settings = read_order(order(["a"], instances=machines, workload=WORKLOAD))
    cells = {
        (b.instance, b.device.name): b.cells[0] for b in read_blocks(runs_csv(tmp_path, records))
    }
    seconds = {place: arithmetic_s(cell, settings) for place, cell in cells.items()}
    assert seconds["k80", "gpu"] == pytest.approx(0.645, abs=0.001)
    assert seconds["h200", "gpu-2"] == pytest.approx(0.0197, abs=0.0001)
    assert seconds["xeon", "cpu"] == pytest.approx(2.643, abs=0.001)
    assert seconds["k80", "cpu"] is None, "the peak is that of the GPU"
    assert seconds["who", "gpu"] is None
    assert launches_s(cells["who", "gpu"], settings) == pytest.approx(4690 * 20 * 2e-6)
    assert launches_s(cells["k80", "cpu"], settings) is None
    unknown = read_order(order(["a"], instances=machines))
    assert arithmetic_s(cells["k80", "gpu"], unknown) is None, "nothing is known of the workload"
    other = read_order(order(["a"], workload={"kernels_per_step": 50}))
    assert launches_s(cells["who", "gpu"], other) == pytest.approx(4690 * 50 * 2e-6)


def test_the_distance_from_the_larger_bound_is_shown(tmp_path):
    settings = order(["old"], instances=MACHINES, workload=WORKLOAD)
    words = comments(figures(tmp_path, [record("a")], settings, PUBLISHED)["machines"])
    bound = WORKLOAD["flop_per_sample"] * 6000 * 4 / 4.1e12
    assert f"{bound:.3f} s" in words
    assert f"{float(f'{40 / bound:.2g}'):,.0f}x" in words


def test_variants_are_not_in_the_figure_of_machines(tmp_path):
    settings = json.loads(order(["a", "b"]))
    settings["tools"].append({"id": "b", "name": "B 2017", "variant_of": "a"})
    records = [record("a"), record("b", train_s=1), record("a", instance="box")]
    shown = figures(tmp_path, records, json.dumps(settings))["machines"]
    assert marks(shown) == 2 and "B 2017" not in comments(shown)
    assert "variants of 2017 left out" in comments(shown)


def test_unranked_tools_keep_off_the_time_of_the_fastest(tmp_path, drawn):
    """Its time is written to the left of its dot, where a faster one that is unranked may be."""
    records = [record(tool, train_s=9 + i / 4) for i, tool in enumerate(["x", "y", "base"])]
    records.append(record("base", instance="zoo"))
    cards = [card("x", "different"), card("y", "different"), card("base")]
    figures(tmp_path, records, order(["x", "y", "base"]), cards=cards)
    axes = drawn[list(FIGURES).index("machines")].axes[0]
    heights = [dot.get_offsets()[0][1] for dot in axes.collections]
    assert heights[2] == 0 and 0 not in heights[:2]
