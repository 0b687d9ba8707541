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
from reporting.files import BadInput, write_text
from reporting.records import load_validator, read_record

VALIDATOR = load_validator()


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
    lost = {
        leaf
        for leaf in leaves(schema, [])
        if not any(f"{leaf}.".startswith(f"{place}.") for place in kept)
    }
    assert lost == {"schema_version"}


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
    "train beyond cold": (
        json.dumps(changed(GOOD, "times.cold_s", 9.9)),
        "the clock jumped: times.train_s is 10, more than times.cold_s, 9.9",
    ),
    "epochs beyond train": (
        json.dumps(changed(GOOD, "times.epochs_s", [4.0, 4.0, 2.01])),
        "the clock jumped: sum of times.epochs_s is 10.01, more than times.train_s, 10",
    ),
    "cold beyond process": (
        json.dumps(changed(GOOD, "times.process_s", 11.0)),
        "the clock jumped: times.cold_s is 12.75, more than times.process_s, 11",
    ),
    "phases beyond cold": (
        json.dumps(changed(GOOD, "times.predict_s", 0.75)),
        "the clock jumped: import_s + init_s + train_s + predict_s of times is 13, more than "
        "times.cold_s, 12.75",
    ),
    "an epoch too few": (
        json.dumps(changed(GOOD, "times.epochs_s", [2.0, 2.0, 2.0])),
        "times.epochs_s has 3 epochs; study.epochs is 4",
    ),
    "other test set": (
        json.dumps(changed(GOOD, "quality.n", 10000)),
        "quality.n is 10000; study.n_test is 2000",
    ),
    "edited error rate": (
        json.dumps(changed(GOOD, "quality.error_rate", 0.001)),
        "quality.error_rate is 0.001; 20 errors of 2000 are 0.01",
    ),
    "no such day": (
        json.dumps(changed(GOOD, "provenance.started_utc", "2021-02-30T00:00:05Z")),
        "started_utc is 2021-02-30T00:00:05Z, which is no time of any day",
    ),
    "from the past": (
        json.dumps(changed(GOOD, "provenance.started_utc", "1970-01-01T00:00:05Z")),
        "the clock jumped: started_utc is 1970-01-01T00:00:05Z, before 2016",
    ),
    "from the future": (
        json.dumps(changed(GOOD, "provenance.started_utc", "2999-01-01T00:00:00Z")),
        "the clock jumped: started_utc is 2999-01-01T00:00:00Z, in the future",
    ),
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


PART = st.floats(0, 1e4)


@settings(max_examples=60, deadline=None)
@given(st.lists(PART, min_size=1, max_size=5), PART, PART, PART, st.floats(0.01, 1e4))
def test_times_that_hold_each_other_are_read_and_others_refused(
    tmp_path_factory, epochs, building, around, after, jump
):
    """Epochs lie in the training, that in the time until predictions, that in the process."""
    train = sum(epochs) + building + 0.001
    item = record("good", train_s=train)
    item["times"] |= {"epochs_s": epochs, "cold_s": train + around}
    item["times"]["process_s"] = train + around + after
    path = tmp_path_factory.getbasetemp() / "clock.json"
    path.write_text(json.dumps(item))
    assert read_record(path, VALIDATOR, placed=False) == item
    for name, inner in (("train_s", sum(epochs)), ("cold_s", train), ("process_s", train + around)):
        path.write_text(json.dumps(changed(item, f"times.{name}", max(0.0, inner - jump))))
        if inner - jump < 0.001 and name == "train_s":
            continue  # no training at all is refused for another reason
        if inner - max(0.0, inner - jump) > 0.002:
            with pytest.raises(BadInput, match="clock jumped"):
                read_record(path, VALIDATOR, placed=False)


def test_a_run_that_did_not_finish_has_no_clock_to_doubt(tmp_path):
    item = record("good", outcome="timeout")
    item["times"] |= {"import_s": 2.0, "epochs_s": [3.0], "process_s": 6.0}
    write([item], tmp_path)
    assert merge(tmp_path, "--records", tmp_path / "quick")[0] == 0


def test_a_record_may_be_read_wherever_it_lies(tmp_path):
    path = tmp_path / "anywhere.json"
    path.write_text(json.dumps(GOOD))
    assert read_record(path, VALIDATOR, placed=False) == GOOD
    with pytest.raises(BadInput, match="not where it lies"):
        read_record(path, VALIDATOR)


def test_records_of_several_machines_merge(tmp_path):
    write([record("a"), record("a", instance="p5.48xlarge", gpus=["H100"] * 8)], tmp_path)
    code, rows = merge(tmp_path, "--records", tmp_path / "quick")
    assert code == 0 and [row["instance"] for row in rows] == ["local", "p5.48xlarge"]


def test_a_named_study_refuses_records_of_another(tmp_path, capsys):
    write([record("a")], tmp_path)
    items = [changed(record("b"), "study.name", "seed"), changed(record("c"), "study.name", "seed")]
    paths = write(items, tmp_path)
    arguments = ["--records", tmp_path / "quick", *paths, "--study", "quick"]
    lines = refused(tmp_path, capsys, *arguments)
    assert len(lines) == 2, "one line for each record"
    for path, line in zip(paths, lines, strict=True):
        assert f"{path}: a record of study seed; allowed is quick" in line


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


def test_runs_on_other_images_are_refused_by_name(tmp_path, capsys):
    items = [record("a"), record("b"), record("c"), record("d", outcome="failed")]
    items[1] = changed(items[1], "provenance.data_sha256", "9a" * 32)
    items[2] = changed(items[2], "provenance.data_sha256", None)  # nothing is known of these
    items[3] = changed(items[3], "provenance.data_sha256", "9a" * 32)
    paths = write([record("e"), *items], tmp_path)
    (line,) = refused(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(paths[2]) in line and "other images of digits" in line
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
    """Each file of the study is one row; a record of another one is refused, a row left out."""
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
    if len(wanted) < len(runs) or not wanted + wanted_old:
        assert (code, rows) == (2, None)
        return
    for source, expected in (("measured", wanted), ("published", wanted_old)):
        found = [named(row | {"name": row["study"]}) for row in rows if row["source"] == source]
        assert sorted(found) == sorted(expected)


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
    ],
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


def test_published_runs_alone_make_a_table_of_a_study(tmp_path, capsys):
    path = publish(
        tmp_path,
        "published,x,seed,a,A,i,cpu,1,ok,2,10",
        "published,x,quick,b,B,i,cpu,1,ok,3,4",
    )
    code, rows = merge(tmp_path, "--records", "--published", path, "--study", "quick")
    assert code == 0 and [row["tool"] for row in rows] == ["b"]
    (line,) = refused(tmp_path, capsys, "--records", "--published", path, "--study", "other")
    assert "no run of study other" in line


def test_published_runs_carry_the_configured_names(tmp_path):
    path = publish(tmp_path, "published,x,quick,a,Old name,i,cpu,1,ok,2,4")
    names = json.dumps({"tools": [{"id": "a", "name": "New name"}]})
    _, rows = merge(tmp_path, "--published", path, "--order", names)
    assert rows[0]["tool_name"] == "New name"


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
