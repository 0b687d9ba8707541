"""After an edit exactly the stale jobs run again: real Snakemake on a finished run."""

import contextlib
import json
import os

import pytest

from workflow.project import configured, edited
from workflow.stale_jobs import (
    AFTER_CARDS,
    AFTER_RECORDS,
    AGAIN,
    ALPHA,
    ALPHA_CARDS,
    BETA,
    BETA_CARDS,
    CARDS,
    CELLS,
    JUDGEMENTS,
    ONCE,
)

pytestmark = pytest.mark.slow
#: More of a kind that `make test` tries by others already: `make test-deviations`.
THOROUGH = pytest.mark.thorough


@pytest.fixture(scope="module")
def finished(template, tmp_path_factory):
    return template.copied_to(tmp_path_factory.mktemp("staleness") / "project")


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
        # A tool's own files.
        ("scripts/tools/beta/cnn.py", BETA | AFTER_RECORDS | BETA_CARDS),
        ("scripts/tools/beta/engine.py", BETA | AFTER_RECORDS | BETA_CARDS),
        ("scripts/tools/numpy_reference/cnn.py", ALPHA | AFTER_RECORDS | ALPHA_CARDS),
        pytest.param("scripts/tools/pytorch/engine.py", set(), marks=THOROUGH),
        ("envs/beta.yaml", BETA | AFTER_RECORDS | BETA_CARDS),
        # What answers are held against, and what compares them.
        ("scripts/workloads/cnn/reference.py", JUDGEMENTS | CARDS),
        pytest.param("scripts/benchm/verifying/replay.py", CARDS, marks=THOROUGH),
        ("scripts/benchm/verifying/evidence.py", JUDGEMENTS | CARDS),
        ("scripts/judge_evidence.py", JUDGEMENTS | AFTER_CARDS - {"parity"}),
        # What is common to all cells, or to those of one language.
        ("scripts/contract/contract.py", CELLS | CARDS),
        ("scripts/contract/decoys.py", CARDS),
        pytest.param("scripts/contract/contract.R", set(), marks=THOROUGH),
        ("scripts/benchm/metrics/error_rate.py", CELLS),
        ("scripts/datasets/digits.py", {"digits"} | CELLS),
        pytest.param("scripts/datasets/mnist.py", set(), marks=THOROUGH),
        # What tells of runs.
        ("scripts/make_tables.py", {"tables", "report_md"}),
        pytest.param("scripts/make_figures.py", {"figures", "report_md"}, marks=THOROUGH),
        ("scripts/merge_records.py", AFTER_RECORDS),
        pytest.param("scripts/make_report.py", {"report_md"}, marks=THOROUGH),
        pytest.param("report/workflow.rst", set(), marks=THOROUGH),
        pytest.param("README.md", set(), marks=THOROUGH),
    ],
)
def test_an_edit_reruns_exactly_what_it_concerns(finished, name, expected):
    with edited(finished.folder / name, comment):
        assert finished.stale() == expected


@pytest.mark.parametrize(
    "name",
    [
        "scripts/benchm/metering/measure.py",
        pytest.param("scripts/benchm/metering/load.py", marks=THOROUGH),
        "scripts/benchm/metering/times.py",
        pytest.param("scripts/benchm/metrics/__init__.py", marks=THOROUGH),
    ],
)
def test_what_of_the_meter_makes_numbers_reruns_all_cells(finished, name):
    with edited(finished.folder / name, comment):
        assert finished.stale() >= CELLS


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("scripts/meter.py", marks=THOROUGH),
        "scripts/run_study.py",
        pytest.param("scripts/benchm/metering/progress.py", marks=THOROUGH),
        "scripts/benchm/instances.py",
        pytest.param("scripts/benchm/one_machine.py", marks=THOROUGH),
        pytest.param("scripts/benchm/attempts.py", marks=THOROUGH),
        "scripts/benchm/matrix.py",
        pytest.param("scripts/benchm/configuration.py", marks=THOROUGH),
        "scripts/workloads/cnn/workload.yaml",
        "scripts/benchm/records/writing.py",
        pytest.param("schemas/config.schema.json", marks=THOROUGH),
        "schemas/record.schema.json",
    ],
)
def test_what_makes_no_number_reruns_no_cell(finished, name):
    # A schema is JSON, which has no comments.
    with edited(finished.folder / name, comment if "json" not in name else lambda t: t + "\n"):
        assert not {job for job in finished.stale() if job in ALPHA | BETA} - JUDGEMENTS


def test_a_causes_file_reruns_what_is_compared(finished):
    causes = finished.folder / "scripts/workloads/cnn/causes.py"
    before = causes.read_text() if causes.exists() else None
    causes.write_text((before or "") + "\n# An edit.\n")
    try:
        assert finished.stale() == JUDGEMENTS | CARDS
    finally:
        if before is None:
            causes.unlink()
        else:
            causes.write_text(before)


def test_captions_rerun_no_cell_table_or_figure(finished):
    with contextlib.ExitStack() as stack:
        for caption in (finished.folder / "report").glob("*.rst"):
            stack.enter_context(edited(caption, comment))
        assert finished.stale() == {"report_md"}  # it quotes those of the figures


@pytest.mark.parametrize("key", ["momentum", "epochs", "seed", "n_test"])
def test_a_protocol_value_reruns_all_cells_of_its_study(finished, key):
    change = {"momentum": 0.8, "epochs": 3, "seed": 2, "n_test": 101}
    with configured(finished, lambda c: c["studies"]["tiny"].update({key: change[key]})):
        assert finished.stale() == CELLS | CARDS


def test_a_default_that_is_written_down_reruns_nothing(finished):
    with configured(finished, lambda c: c["studies"]["tiny"].update(momentum=0.9, decay=1e-5)):
        assert finished.stale() == set()


def test_a_default_of_the_workload_reruns_all_cells_of_its_studies(finished):
    workload = finished.folder / "scripts/workloads/cnn/workload.yaml"
    with edited(workload, lambda text: text.replace("momentum: 0.9", "momentum: 0.8")):
        assert finished.stale() == CELLS | CARDS


def test_an_option_reruns_the_cells_of_its_tool(finished):
    with configured(finished, lambda c: c["tools"]["beta"].update(options={"x": 1})):
        assert finished.stale() == BETA | AFTER_RECORDS | BETA_CARDS


def test_a_printed_name_reruns_no_cell_and_no_card(finished):
    with configured(finished, lambda c: c["tools"]["beta"].update(name="Better")):
        assert finished.stale() == AFTER_RECORDS


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
    entry = finished.add_tool("gamma")
    with configured(finished, lambda c: c["tools"].update(gamma=entry)):
        cells = {job.replace("alpha", "gamma") for job in ONCE | {"alpha cpu card"}}
        assert finished.stale() == cells | AFTER_RECORDS | AFTER_CARDS


def test_an_added_device_runs_alone(finished):
    with configured(finished, lambda c: c["devices"].append("cpu-1")):
        new = {f"{tool} cpu-1 1" for tool in ("alpha", "alpha_again", "beta")}
        new |= {f"{job} judgement" for job in new} | {"alpha cpu-1 card", "beta cpu-1 card"}
        assert finished.stale() == new | AFTER_RECORDS | AFTER_CARDS


def test_a_removed_tool_runs_no_cell(finished):
    with configured(finished, lambda c: c["tools"].pop("beta")):
        assert finished.stale() == AFTER_RECORDS


def test_an_added_repeat_runs_alone(finished):
    # What has no device says so once.
    again = {job.replace(" 1", " 2") for job in ALPHA | BETA if "gpu" not in job}
    with configured(finished, lambda c: c["studies"]["tiny"].update(rounds={"least": 2})):
        assert finished.stale() == again | AFTER_RECORDS


def test_another_baseline_runs_a_second_time_and_nothing_else(finished):
    with configured(finished, lambda c: c.update(baseline="beta")):
        again = {job.replace("alpha", "beta") for job in AGAIN}
        assert finished.stale() == again | AFTER_RECORDS


def test_a_machine_that_is_measured_again_reruns_no_cell(finished):
    machine = finished.folder / "results/machines/local.json"
    with edited(machine, lambda text: text.replace('"cpus": ', '"cpus": 1')):
        assert finished.stale() <= {"tables", "report_md"}


@pytest.mark.parametrize("what", ["record", "evidence"])
def test_a_deleted_record_or_its_evidence_is_made_again_by_its_run(finished, what):
    path = getattr(finished, what)("beta")
    content, times = path.read_bytes(), path.stat()
    path.unlink()
    try:
        assert finished.stale() == {"beta cpu 1", "beta cpu 1 judgement"} | AFTER_RECORDS
    finally:
        path.write_bytes(content)
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
        assert finished.stale() == {"beta cpu 1", "beta cpu 1 judgement"} | AFTER_RECORDS


def test_after_all_these_edits_nothing_is_stale(finished):
    assert finished.stale() == set()
