"""Merging: nothing is lost, order doesn't matter, and every bad file is named."""

import json
import random
import string

import pytest
import synthetic
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from synthetic import changed, order, record, write

import merge_records
from reporting.columns import COLUMNS, KINDS, flatten, read_rows, to_csv
from reporting.files import write_text


def merge(tmp_path, *arguments, name="runs.csv"):
    """Exit code, and the rows when a file was written."""
    output = tmp_path / name
    code = merge_records.main([*map(str, arguments), "--output", str(output)])
    return code, read_rows(output) if output.exists() else None


def refused(tmp_path, capsys, *arguments):
    """Lines of stderr of a merge that must fail and leave the earlier output alone."""
    output = tmp_path / "runs.csv"
    output.write_text("as before")
    code = merge_records.main([*map(str, arguments), "--output", str(output)])
    assert code == 2
    assert output.read_text() == "as before"
    assert not list(tmp_path.glob(".*")), "a temporary file was left behind"
    return capsys.readouterr().err.splitlines()


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


def test_every_value_of_the_schema_has_a_column():
    schema = json.loads((synthetic.ROOT / "schemas/record.schema.json").read_text())

    def leaves(node, place):
        if "properties" in node:
            for key, inner in node["properties"].items():
                yield from leaves(inner, [*place, key])
        elif "properties" in node.get("items", {}):
            yield from leaves(node["items"], [*place, "*"])
        else:
            yield ".".join(place)

    kept = {place.replace(".0", "").replace(".1", "") for _, place, _ in COLUMNS if place}
    assert set(leaves(schema, [])) - kept == {"schema_version"}


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
    write([record("alpha", name="Old name")], tmp_path)
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


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SECONDS = st.none() | st.floats(0, 1e9)


@settings(max_examples=150, deadline=None)
@example("progress\r100 %\r\n", ["\r", 'a,b\n"c"'], None, None, None)
@given(
    reason=st.none() | WORDS,
    tail=st.lists(WORDS | st.text(string.printable), max_size=3),
    seconds=SECONDS,
    epochs=st.none() | st.lists(st.floats(0, 1e9), max_size=5),
    count=st.none() | st.integers(0, 2**60),
)
def test_what_goes_into_the_table_comes_out_again(
    tmp_path_factory, reason, tail, seconds, epochs, count
):
    item = record()
    item["status"]["reason"] = reason
    item["status"]["log_tail"] = tail
    item["times"]["train_s"] = seconds
    item["times"]["epochs_s"] = epochs
    item["load"]["peak_memory_host_bytes"] = count
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    row = flatten(item)
    write_text(path, to_csv([row, row]))
    if reason:  # a carriage return is the one thing that may come out as a line end
        row["reason"] = reason.replace("\r\n", "\n").replace("\r", "\n")
    assert read_rows(path) == [row, row]


GOOD = record("good")
BAD = {
    "cut off": (json.dumps(GOOD)[:200], "not valid JSON"),
    "empty": ("", "not valid JSON"),
    "nan": (json.dumps(changed(GOOD, "times.train_s", float("nan"))), "NaN is not allowed"),
    "infinite": (json.dumps(GOOD).replace('"train_s": 10.0', '"train_s": 1e999'), "too large"),
    "foreign": ('{"name": "something else"}', "not a benchm-dl record"),
    "a list": ("[1, 2]", "not a benchm-dl record"),
    "older": (json.dumps(changed(GOOD, "schema_version", 0)), "schema_version 0; allowed is 1"),
    "newer": (json.dumps(changed(GOOD, "schema_version", 2)), "schema_version 2; allowed is 1"),
    "missing": (json.dumps({k: v for k, v in GOOD.items() if k != "load"}), "load is missing"),
    "unknown key": (json.dumps(changed(GOOD, "times.lunch_s", 1)), "unknown key lunch_s"),
    "wrong type": (
        json.dumps(changed(GOOD, "times.train_s", "fast")),
        'times.train_s: "fast"; allowed is the type number, null',
    ),
    "outcome": (
        json.dumps(changed(GOOD, "status.outcome", "fine")),
        'status.outcome: "fine"; allowed are ok, failed, timeout',
    ),
    "negative": (json.dumps(changed(GOOD, "times.cold_s", -1)), "times.cold_s: -1"),
    "no time": (json.dumps(changed(GOOD, "times.train_s", None)), "train_s is None"),
    "other tool": (json.dumps(changed(GOOD, "cell.tool", "evil")), "local/cpu/evil/1.json"),
    "other repeat": (json.dumps(changed(GOOD, "cell.repeat", 7)), "local/cpu/good/7.json"),
    "other study": (json.dumps(changed(GOOD, "study.name", "seed")), "names the study seed"),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_bad_file_is_named_in_one_line(tmp_path, capsys, defect):
    text, told = BAD[defect]
    write([record("alpha"), record("beta")], tmp_path)
    path = tmp_path / "quick/runs/local/cpu/good/1.json"
    path.parent.mkdir()
    path.write_text(text)
    lines = refused(tmp_path, capsys, "--records", tmp_path / "quick")
    assert len(lines) == 1
    assert str(path) in lines[0]
    assert told in lines[0]
    assert len(lines[0]) < 400 + len(str(path))


def test_bytes_that_are_no_text_are_named(tmp_path, capsys):
    (path,) = write([record()], tmp_path)
    path.write_bytes(b"\xff\xfe\0")
    (line,) = refused(tmp_path, capsys, "--records", path)
    assert str(path) in line and "UTF-8" in line


def test_all_bad_files_are_named_at_once(tmp_path, capsys):
    paths = write([record(f"tool_{i}") for i in range(6)], tmp_path)
    paths[1].write_text("{")
    paths[3].write_text("{}")
    paths[4].write_text(json.dumps(record("stranger")))
    nowhere = tmp_path / "nowhere.json"
    lines = refused(tmp_path, capsys, "--records", *paths, nowhere)
    assert refused(tmp_path, capsys, "--records", nowhere, *reversed(paths)) == lines
    assert len(lines) == 4
    for path in (paths[1], paths[3], paths[4], nowhere):
        assert sum(str(path) in line for line in lines) == 1


def test_a_record_of_another_protocol_is_refused_by_name(tmp_path, capsys):
    paths = write([record("a"), record("b", epochs=9, batch_size=64), record("c")], tmp_path)
    (line,) = refused(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(paths[1]) in line
    assert "epochs 9 (others: 4)" in line and "batch_size 64 (others: 128)" in line


def test_the_seed_may_differ_by_repeat_only(tmp_path, capsys):
    items = [record("a", repeat=n) for n in (1, 2, 3)]
    write(items, tmp_path)
    code, rows = merge(tmp_path, "--records", tmp_path / "quick")
    assert code == 0 and len({row["seed"] for row in rows}) == 3
    (path,) = write([changed(record("b"), "study.seed", 5)], tmp_path)
    (line,) = refused(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(path) in line and "seed" in line


def test_two_records_of_one_run_are_refused(tmp_path, capsys):
    (first,) = write([record()], tmp_path / "one")
    (second,) = write([record(train_s=3.0)], tmp_path / "two")
    (line,) = refused(tmp_path, capsys, "--records", second, first)
    assert str(first) in line and str(second) in line


def test_nothing_to_merge_is_told(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (line,) = refused(tmp_path, capsys, "--records", tmp_path / "empty")
    assert "no record" in line
    (line,) = refused(tmp_path, capsys)
    assert "nothing to merge" in line


def test_an_output_that_cannot_be_written_is_told(tmp_path, capsys):
    write([record()], tmp_path)
    (tmp_path / "file").write_text("")
    output = tmp_path / "file" / "runs.csv"
    code = merge_records.main(["--records", str(tmp_path / "quick"), "--output", str(output)])
    assert code == 2
    assert str(output) in capsys.readouterr().err


@pytest.mark.parametrize(
    "argument", ["{", "[]", '{"tools": {"a": 1}}', '{"colour": 1}', '{"baseline": 3}', "nowhere"]
)
def test_a_bad_order_is_told_in_one_line(tmp_path, capsys, argument):
    write([record()], tmp_path)
    lines = refused(tmp_path, capsys, "--records", tmp_path / "quick", "--order", argument)
    assert len(lines) == 1


# -- published runs ---------------------------------------------------------------------------

HEADER = "source,origin,study,tool,tool_name,instance,device,repeat,outcome,train_s,epochs"


def publish(tmp_path, *lines, header=HEADER, name="old.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_published_runs_are_passed_through_and_marked(tmp_path, capsys):
    write([record("alpha")], tmp_path)
    path = publish(
        tmp_path,
        "published,a page,quick,neon,neon,p2.xlarge,gpu,1,ok,25,4",
        "published,a page,quick,alpha,Alpha,local,cpu,1,ok,37,",
        "published,a page,seed,other,Other,p2.xlarge,gpu,1,ok,1,10",
    )
    code, rows = merge(tmp_path, "--records", tmp_path / "quick", "--published", path)
    assert code == 0
    assert [(row["source"], row["tool"], row["train_s"]) for row in rows] == [
        ("measured", "alpha", 10.0),
        ("published", "neon", 25.0),
        ("published", "alpha", 37.0),
    ]
    assert "1 rows left out" in capsys.readouterr().out  # the one of study seed, and not silently


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("measured,x,quick,a,A,i,cpu,1,ok,1,4", "allowed is published"),
        (",x,quick,a,A,i,cpu,1,ok,1,4", "allowed is published"),
        ("published,x,quick,a,A,i,cpu,1,ok,fast,4", "train_s is 'fast', allowed is a number"),
        ("published,x,quick,a,A,i,cpu,1,ok,nan,4", "train_s is 'nan'"),
        ("published,x,quick,a,A,i,cpu,one,ok,1,4", "allowed is a whole number"),
        ("published,x,quick,a,A,i,cpu,,ok,1,4", "without tool, instance, device or repeat"),
        ("published,x,quick,a,A,i,cpu,1,ok,,4", "train_s is empty"),
        ("published,x,quick,a,A,i,cpu,1,ok,1,10", "epochs is 10"),
        ("published,x,quick,a", "another number of fields"),
    ],
)
def test_bad_published_rows_are_named(tmp_path, capsys, line, told):
    write([record()], tmp_path)
    path = publish(tmp_path, line)
    (shown,) = refused(tmp_path, capsys, "--records", tmp_path / "quick", "--published", path)
    assert str(path) in shown and told in shown


def test_unknown_columns_of_published_runs_are_named(tmp_path, capsys):
    path = publish(tmp_path, header=HEADER.replace("origin", "colour"))
    (line,) = refused(tmp_path, capsys, "--published", path)
    assert "unknown column 'colour'" in line


def test_two_published_rows_for_one_run_are_refused(tmp_path, capsys):
    row = "published,x,quick,a,A,i,cpu,1,ok,1,4"
    path = publish(tmp_path, row, row)
    assert len(refused(tmp_path, capsys, "--published", path)) == 1


def test_kinds_are_known_for_all_columns():
    assert len(KINDS) == len(COLUMNS), "two columns of one name"
