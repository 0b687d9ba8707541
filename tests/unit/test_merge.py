"""Merging: nothing is lost, order doesn't matter, and every bad file is named."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from merging import left_out, merge, publish, refused
from synthetic import changed, order, record, record_1, write

import merge_records


def test_every_run_has_a_row_whatever_came_of_it(tmp_path):
    outcomes = ["ok", "failed", "timeout", "out_of_memory", "no_device", "unavailable"]
    records = [
        record(f"tool_{i}", outcome=outcome, reason=f"because {i}")
        for i, outcome in enumerate(outcomes)
    ]
    write(records, tmp_path)
    code, rows = merge(tmp_path, "--records", tmp_path / "quick" / "runs")
    assert code == 0
    found = {row["tool"]: (row["outcome"], row["reason"], row["source"]) for row in rows}
    assert found == {
        f"tool_{i}": (outcome, None if outcome == "ok" else f"because {i}", "measured")
        for i, outcome in enumerate(outcomes)
    }
    assert all(row["train_s"] is None for row in rows if row["outcome"] != "ok")


def test_rows_follow_the_configured_order(tmp_path):
    tools = ["zeta", "alpha", "mid"]
    records = [
        record(tool, device=device, repeat=repeat)
        for tool in [*tools, "unknown"]
        for device in ["cpu-16", "cpu-4", "gpu"]
        for repeat in [10, 2]
    ]
    write(records, tmp_path)
    wanted = order(tools, devices=["gpu"])
    _, rows = merge(tmp_path, "--records", tmp_path / "quick", "--order", wanted)
    assert [(row["tool"], row["device"], row["repeat"]) for row in rows] == [
        (tool, device, repeat)
        for tool in [*tools, "unknown"]
        for device in ["gpu", "cpu-4", "cpu-16"]
        for repeat in [2, 10]
    ]


def test_a_new_name_in_the_configuration_needs_no_new_measurement(tmp_path):
    write([record_1("alpha", name="Old name")], tmp_path)
    _, rows = merge(tmp_path, "--records", tmp_path / "quick")
    assert rows[0]["tool_name"] == "alpha", "without a name the id"
    names = json.dumps({"tools": [{"id": "alpha", "name": "New name"}]})
    _, rows = merge(tmp_path, "--records", tmp_path / "quick", "--order", names)
    assert rows[0]["tool_name"] == "New name"


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Paths of records of some tools, devices and repeats, and a published file."""
    home = tmp_path_factory.mktemp("many")
    rng = random.Random(1)
    records = [
        record(tool, device=device, repeat=repeat, train_s=rng.uniform(1, 100))
        for tool in ["b", "a", "c"]
        for device in ["cpu", "gpu"]
        for repeat in [1, 2, 3]
    ]
    paths = write(records, home)
    published = []
    for name in ["one", "two"]:
        path = home / f"{name}.csv"
        path.write_text(
            "source,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
            f"published,quick,b,B,{name},cpu,1,ok,12\n"
        )
        published.append(path)
    return home, paths, published


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_the_order_of_the_arguments_changes_nothing(many, data):
    home, paths, published = many
    outputs = []
    for number in (1, 2):
        records = data.draw(st.permutations(paths), f"records {number}")
        extra = data.draw(st.sampled_from([[], [home / "quick" / "runs"], records[:2]]))
        archived = data.draw(st.permutations(published))
        output = home / f"{number}.csv"
        arguments = ["--records", *extra, *records, "--published", *archived]
        arguments += ["--order", order(["c", "b"]), "--output", output]
        assert merge_records.main([str(argument) for argument in arguments]) == 0
        outputs.append(output.read_bytes())
    assert outputs[0] == outputs[1]


def test_records_of_several_machines_merge(tmp_path):
    write([record("a"), record("a", instance="p5.48xlarge", gpus=["H100"] * 8)], tmp_path)
    code, rows = merge(tmp_path, "--records", tmp_path / "quick")
    assert code == 0 and [row["instance"] for row in rows] == ["local", "p5.48xlarge"]


def test_a_named_study_refuses_records_of_another(tmp_path, capsys):
    write([record("a")], tmp_path)
    items = [changed(record("b"), "study.name", "seed"), changed(record("c"), "study.name", "seed")]
    paths = write(items, tmp_path)
    arguments = ["--records", tmp_path / "quick", *paths, "--study", "quick"]
    lines = left_out(tmp_path, capsys, *arguments)
    assert len(lines) == 2, "one line for each record"
    for path, line in zip(paths, lines, strict=True):
        assert f"{path}: a record of study seed; allowed is quick" in line


def test_bytes_that_are_no_text_are_named(tmp_path, capsys):
    (path,) = write([record()], tmp_path)
    path.write_bytes(b"\xff\xfe\0")
    (line,) = left_out(tmp_path, capsys, "--records", path)
    assert str(path) in line and "UTF-8" in line


def test_all_bad_files_are_named_at_once(tmp_path, capsys):
    paths = write([record(f"tool_{i}") for i in range(6)], tmp_path)
    paths[1].write_text("{")
    paths[3].write_text("{}")
    paths[4].write_text(json.dumps(record("stranger")))
    nowhere = tmp_path / "nowhere.json"
    lines = left_out(tmp_path, capsys, "--records", *paths, nowhere)
    assert left_out(tmp_path, capsys, "--records", nowhere, *reversed(paths)) == lines
    assert len(lines) == 4
    for path in (paths[1], paths[3], paths[4], nowhere):
        assert sum(str(path) in line for line in lines) == 1


def test_a_record_of_another_protocol_is_left_out_by_name(tmp_path, capsys):
    paths = write([record("a"), record("b", epochs=9, batch_size=64), record("c")], tmp_path)
    (line,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(paths[1]) in line
    assert "epochs 9 (others: 4)" in line and "batch_size 64 (others: 128)" in line


def test_the_seed_may_differ_by_repeat_only(tmp_path, capsys):
    items = [record("a", repeat=n) for n in (1, 2, 3)]
    write(items, tmp_path)
    code, rows = merge(tmp_path, "--records", tmp_path / "quick")
    assert code == 0 and len({row["seed"] for row in rows}) == 3
    (path,) = write([changed(record("b"), "study.seed", 5)], tmp_path)
    (line,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(path) in line and "seed" in line


def test_runs_on_other_data_are_left_out_by_name(tmp_path, capsys):
    items = [record("a"), record("b"), record("c"), record("d", outcome="failed")]
    items[1] = changed(items[1], "provenance.data_sha256", "9a" * 32)
    items[2] = changed(items[2], "provenance.data_sha256", None)  # nothing is known of these
    items[3] = changed(items[3], "provenance.data_sha256", "9a" * 32)
    paths = write([record("e"), *items], tmp_path)
    (line,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(paths[2]) in line and "another data set digits" in line
    assert "9a9a" in line and "(others: 7878" in line


RUNS = st.fixed_dictionaries(
    {
        "tool": st.sampled_from(["a", "b"]),
        "device": st.sampled_from(["cpu", "gpu"]),
        "instance": st.sampled_from(["local", "box"]),
        "repeat": st.integers(1, 2),
        "name": st.sampled_from(["quick", "seed"]),
        "outcome": st.sampled_from(["ok", "failed"]),
    }
)


def named(run):
    return run["name"], run["instance"], run["device"], run["tool"], run["repeat"]


@settings(max_examples=40, deadline=None)
@given(
    runs=st.lists(RUNS, unique_by=named, max_size=8),
    old=st.lists(RUNS, unique_by=named, max_size=4),
    study=st.sampled_from(["quick", "seed"]),
)
def test_no_run_of_a_study_is_lost_and_none_of_another_is_let_in(
    tmp_path_factory, runs, old, study
):
    """Each file of the study is one row; a record or row of another one is left out."""
    place = tmp_path_factory.mktemp("studies")
    made = [{k: v for k, v in run.items() if k != "name"} for run in runs]
    items = [
        changed(record(**keys), "study.name", run["name"])
        for keys, run in zip(made, runs, strict=True)
    ]
    paths = write(items, place)
    lines = [
        f"published,x,{r['name']},{r['tool']},T,{r['instance']},{r['device']},{r['repeat']},ok,1,4"
        for r in old
    ]
    arguments = ["--records", *paths, "--published", publish(place, *lines), "--study", study]
    code, rows = merge(place, *arguments)
    wanted = [named(run) for run in runs if run["name"] == study]
    wanted_old = [named(run) for run in old if run["name"] == study]
    if not runs and not wanted_old:
        assert (code, rows) == (2, None)
        return
    assert code == 0
    left_out = json.loads((place / "left_out.json").read_text())["left_out"]
    assert len(left_out) == len(runs) - len(wanted)
    for source, expected in (("measured", wanted), ("published", wanted_old)):
        found = [named(row | {"name": row["study"]}) for row in rows if row["source"] == source]
        assert sorted(found) == sorted(expected)


def test_two_records_of_one_run_are_left_out(tmp_path, capsys):
    (one,) = write([record()], tmp_path / "one")
    (other,) = write([record(train_s=3.0)], tmp_path / "two")
    (line,) = left_out(tmp_path, capsys, "--records", other, one)
    assert str(one) in line and str(other) in line


def test_nothing_to_merge_is_said(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (line,) = refused(tmp_path, capsys, "--records", tmp_path / "empty")
    assert "no record" in line
    (line,) = refused(tmp_path, capsys)
    assert "nothing to merge" in line


def test_an_output_that_cannot_be_written_is_named(tmp_path, capsys):
    write([record()], tmp_path)
    (tmp_path / "file").write_text("")
    output = tmp_path / "file" / "runs.csv"
    code = merge_records.main(["--records", str(tmp_path / "quick"), "--output", str(output)])
    assert code == 2
    assert str(output) in capsys.readouterr().err


@pytest.mark.parametrize(
    "argument",
    [
        "{",
        "[]",
        '{"tools": {"a": 1}}',
        '{"colour": 1}',
        '{"baseline": 3}',
        "nowhere",
        '{"instances": ["local"]}',
        '{"instances": {"local": 3}}',
        '{"instances": {"local": {"price": 1}}}',
        '{"instances": {"local": {"price_per_hour": "cheap"}}}',
        '{"instances": {"local": {"peak_float32_tflops": -1}}}',
        '{"reference": "p2.xlarge"}',
        '{"reference": {"instance": "p2.xlarge"}}',
        '{"workload": ["cnn"]}',
        '{"workload": {"parameters": "many"}}',
        '{"workload": {"title": 3}}',
        '{"not_offered": "lightgbm"}',
        '{"not_offered": [1]}',
    ],
)
def test_a_bad_order_is_named_in_one_line(tmp_path, capsys, argument):
    write([record()], tmp_path)
    lines = refused(tmp_path, capsys, "--records", tmp_path / "quick", "--order", argument)
    assert len(lines) == 1
