"""After an edit exactly the stale jobs run again: real Snakemake on a finished run."""

import contextlib
import copy
import json
import os

import pytest

from workflow.project import Project

pytestmark = pytest.mark.slow

#: What follows when any record changes, is added or taken away.
AFTER_RECORDS = {"merge", "tables", "figures", "report_md"}
ALPHA = {"alpha cpu 1", "alpha gpu-64 1"}
BETA = {"beta cpu 1", "beta gpu-64 1"}
#: The same for parity cards, which are made for devices that are here.
AFTER_CARDS = {"parity", "tables", "figures", "report_md"}
ALPHA_CARDS = {"alpha cpu card"} | AFTER_CARDS
BETA_CARDS = {"beta cpu card"} | AFTER_CARDS


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("staleness") / "project")
    project.finish()
    return project


@contextlib.contextmanager
def edited(path, change):
    """Replace the content of ``path`` by ``change(content)`` for the time of the block."""
    before = path.read_text()
    after = change(before)
    assert after != before
    path.write_text(after)
    try:
        yield
    finally:
        path.write_text(before)


@contextlib.contextmanager
def configured(project, change):
    config = copy.deepcopy(project.config)
    change(config)
    project.write_config(config)
    try:
        yield
    finally:
        project.write_config()


def comment(text):
    return text + "\n# An edit.\n"


def test_the_run_came_out_as_planned(finished):
    outcomes = {
        (tool, device): json.loads(finished.record(tool, device).read_text())["status"]["outcome"]
        for tool in ("alpha", "beta")
        for device in ("cpu", "gpu-64")
    }
    assert outcomes == {
        ("alpha", "cpu"): "ok",
        ("beta", "cpu"): "ok",
        ("alpha", "gpu-64"): "no_device",
        ("beta", "gpu-64"): "no_device",
    }


def test_nothing_changed_nothing_runs(finished):
    assert finished.stale() == set()


def test_more_cores_change_nothing(finished):
    assert finished.stale("-j4") == set()


def test_touching_any_file_changes_nothing(finished):
    for path in finished.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)
    assert finished.stale() == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scripts/tools/beta.py", BETA | AFTER_RECORDS | BETA_CARDS),
        ("scripts/tools/numpy_reference.py", ALPHA | AFTER_RECORDS | ALPHA_CARDS),
        # Both import it.
        ("scripts/tools/numpy_layers.py", ALPHA | BETA | AFTER_RECORDS | ALPHA_CARDS | BETA_CARDS),
        ("scripts/tools/keras3_backends.py", set()),
        ("envs/beta.yaml", BETA | AFTER_RECORDS | BETA_CARDS),
        ("scripts/tools/contract.py", ALPHA | BETA | AFTER_RECORDS | ALPHA_CARDS | BETA_CARDS),
        ("scripts/meter.py", ALPHA | BETA | AFTER_RECORDS | ALPHA_CARDS | BETA_CARDS),
        ("scripts/metering/quality.py", ALPHA | BETA | AFTER_RECORDS | ALPHA_CARDS | BETA_CARDS),
        ("scripts/tools/parity/beta.py", BETA_CARDS),
        ("scripts/tools/parity/probe.py", ALPHA_CARDS | BETA_CARDS),
        ("scripts/verifying/compare.py", ALPHA_CARDS | BETA_CARDS),
        ("scripts/tools/parity/pytorch.py", set()),
        ("scripts/make_digits.py", {"digits"} | ALPHA | BETA | AFTER_RECORDS),
        ("scripts/make_tables.py", {"tables", "report_md"}),
        ("scripts/make_figures.py", {"figures", "report_md"}),
        ("scripts/merge_records.py", AFTER_RECORDS),
        ("scripts/make_report.py", {"report_md"}),
        ("scripts/tools/pytorch.py", set()),
        ("report/workflow.rst", set()),
        ("README.md", set()),
    ],
)
def test_an_edit_reruns_exactly_what_it_concerns(finished, name, expected):
    with edited(finished.folder / name, comment):
        assert finished.stale() == expected


def test_captions_rerun_no_cell_table_or_figure(finished):
    with contextlib.ExitStack() as stack:
        for caption in (finished.folder / "report").glob("*.rst"):
            stack.enter_context(edited(caption, comment))
        assert finished.stale() == {"report_md"}  # it quotes those of the figures


def test_a_protocol_value_reruns_all_cells_of_its_study(finished):
    with configured(finished, lambda c: c["studies"]["tiny"].update(momentum=0.8)):
        assert finished.stale() == ALPHA | BETA | AFTER_RECORDS | ALPHA_CARDS | BETA_CARDS


def test_a_price_reruns_no_cell_and_no_card(finished):
    def reprice(config):
        config["instances"]["local"] = {"price_per_hour": 2.5}

    with configured(finished, reprice):
        assert finished.stale() == AFTER_RECORDS


def test_another_study_of_the_file_concerns_nobody(finished):
    def add(config):
        config["studies"]["other"] = config["studies"]["tiny"] | {"epochs": 3}

    with configured(finished, add):
        assert finished.stale() == set()


def test_a_time_limit_is_no_part_of_the_protocol(finished):
    with configured(finished, lambda c: c["studies"]["tiny"].update(time_limit=60)):
        assert finished.stale() == set()


def test_the_order_of_keys_says_nothing(finished):
    def backwards(value):
        if isinstance(value, dict):
            return {key: backwards(value[key]) for key in reversed(value)}
        return value

    def reorder(config):
        turned = backwards(config)
        config.clear()
        config.update(turned)

    with configured(finished, reorder):
        assert finished.stale() == set()


def test_an_added_tool_runs_alone(finished):
    finished.add_tool_files("gamma")
    entry = {
        "name": "Gamma",
        "adapter": "scripts/tools/gamma.py",
        "environment": "envs/gamma.yaml",
    }
    with configured(finished, lambda c: c["tools"].update(gamma=entry)):
        cells = {"gamma cpu 1", "gamma gpu-64 1", "gamma cpu card"}
        assert finished.stale() == cells | AFTER_RECORDS | AFTER_CARDS


def test_a_removed_tool_runs_no_cell(finished):
    with configured(finished, lambda c: c["tools"].pop("beta")):
        assert finished.stale() == AFTER_RECORDS


def test_an_added_repeat_runs_alone(finished):
    again = {f"{cell[:-1]}2" for cell in ALPHA | BETA}
    with configured(finished, lambda c: c["studies"]["tiny"].update(repeats=2)):
        assert finished.stale() == again | AFTER_RECORDS


def test_a_deleted_record_is_measured_again(finished):
    path = finished.record("beta")
    kept = path.read_bytes()
    times = path.stat()
    path.unlink()
    try:
        assert finished.stale() == {"beta cpu 1"} | AFTER_RECORDS
    finally:
        path.write_bytes(kept)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_card_that_broke_is_made_again_and_costs_no_cell(finished):
    def breaks(text):
        card = json.loads(text)
        card["outcome"] = "failed"
        return json.dumps(card)

    with edited(finished.folder / "results/tiny/parity/cards/local/cpu/beta.json", breaks):
        assert finished.stale() == {"beta cpu card"} | AFTER_CARDS


@pytest.mark.parametrize("outcome", ["failed", "timeout", "out_of_memory"])
def test_a_cell_that_broke_is_tried_again(finished, outcome):
    def breaks(text):
        record = json.loads(text)
        record["status"]["outcome"] = outcome
        return json.dumps(record)

    with edited(finished.record("beta"), breaks):
        assert finished.stale() == {"beta cpu 1"} | AFTER_RECORDS


def test_after_all_these_edits_nothing_is_stale(finished):
    assert finished.stale() == set()


def inputs_of(project, target):
    """Return the inputs of the job that makes ``target``."""
    plan = project.snakemake("-n", "-j1", "--force", target)
    for block in plan.stdout.split("\n\n"):
        if f"output: {target}" in block or f", {target}" in block:
            line = next(x for x in block.splitlines() if x.strip().startswith("input:"))
            return set(line.split("input:")[1].replace(",", " ").split())
    raise AssertionError(plan.stdout)


PROGRAMS = {
    "scripts/meter.py": "results/tiny/runs/local/cpu/alpha/1.json",
    "scripts/parity.py": "results/tiny/parity/cards/local/cpu/alpha.json",
    "scripts/collect_cards.py": "results/tiny/parity/alpha.json",
    "scripts/merge_records.py": "results/tiny/runs.csv",
    "scripts/make_tables.py": "results/tiny/tables/by_tool.md",
    "scripts/make_report.py": "results/tiny/report.md",
}


@pytest.mark.parametrize(("program", "target"), PROGRAMS.items())
def test_every_module_that_a_program_imports_is_an_input(finished, program, target):
    import subprocess
    import sys

    code = (
        "import importlib.util, pathlib, sys\n"
        "root = pathlib.Path.cwd(); sys.path.insert(0, str(root / 'scripts'))\n"
        f"spec = importlib.util.spec_from_file_location('program', {program!r})\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))\n"
        "files = [getattr(m, '__file__', None) for m in list(sys.modules.values())]\n"
        "for f in files:\n"
        "    if f and pathlib.Path(f).is_relative_to(root / 'scripts'):\n"
        "        print(pathlib.Path(f).relative_to(root))\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=finished.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert set(loaded) | {program} <= inputs_of(finished, target)
