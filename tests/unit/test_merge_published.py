"""Merging what others published: marked, checked, and read in the columns of its time."""

import csv
import json

import pytest
from merging import HEADER, left_out, merge, publish, refused
from synthetic import ROOT, record, write

from benchm.reporting.csv_file import read_rows


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
    ("line", "words"),
    [
        ("measured,x,quick,a,A,i,cpu,1,ok,1,4", "allowed is published"),
        (",x,quick,a,A,i,cpu,1,ok,1,4", "allowed is published"),
        ("published,x,quick,a,A,i,cpu,1,ok,fast,4", "train_s is 'fast', allowed is a number"),
        ("published,x,quick,a,A,i,cpu,1,ok,nan,4", "train_s is 'nan'"),
        ("published,x,quick,a,A,i,cpu,one,ok,1,4", "allowed is a whole number"),
        ("published,x,quick,a,A,i,cpu,,ok,1,4", "without tool, instance, device or repeat"),
        ("published,x,quick,a,A,i,cpu,1,ok,,4", "train_s is empty"),
        ("published,x,quick,a,A,i,cpu,1,ok,1,10", "epochs is 10"),
        ("published,x,quick,a,A,i,tpu,1,ok,1,4", "'tpu' is no device; allowed: cpu, gpu,"),
        ("published,x,quick,a", "another number of fields"),
    ],
)
def test_bad_published_rows_are_named(tmp_path, capsys, line, words):
    write([record()], tmp_path)
    path = publish(tmp_path, line)
    (shown,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick", "--published", path)
    assert str(path) in shown and words in shown


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("train_s", "-5", "train_s: -5.0; allowed is at least 0"),
        ("gpu_percent", '["x"]', 'gpu_percent: "x"; allowed is the type number, null'),
        ("gpu_percent", "[1000]", "gpu_percent: 1000; allowed is at most 100.001"),
        ("gpu_peak_memory_bytes", "[[1]]", "gpu_peak_memory_bytes: [1]; allowed is the type"),
        ("machine_gpus", "[1]", "machine_gpus: 0: 1; allowed is the type string"),
        ("disturbed", "[null]", "disturbed: 0: null; allowed is the type string"),
        ("n_predicted", "0", "n_predicted: 0; allowed is at least 1"),
        ("quality_metric", "luck", "quality_metric: metric 'luck' is unknown; allowed are auc"),
        ("protocol", '{"batch_size": 0}', "study.protocol.batch_size: 0; allowed is at least 1"),
        ("protocol", '{"batch_size": "x"}', 'study.protocol.batch_size: "x"; allowed is the'),
        ("instance", "../x", 'instance: "../x"; it must match'),
    ],
)
def test_a_published_value_that_no_record_could_have_is_named(
    tmp_path, capsys, column, value, words
):
    fields = {"source": "published", "study": "quick", "tool": "a", "tool_name": "A"}
    fields |= {"instance": "i", "device": "gpu", "repeat": 1, "outcome": "ok", "train_s": "1"}
    fields[column] = value
    path = tmp_path / "p.csv"
    with open(path, "w", newline="") as out:
        csv.writer(out).writerows([fields, fields.values()])
    write([record()], tmp_path)
    (shown,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick", "--published", path)
    assert str(path) in shown and words in shown


def test_unknown_columns_of_published_runs_are_named(tmp_path, capsys):
    path = publish(tmp_path, header=HEADER.replace("origin", "colour"))
    (line,) = left_out(tmp_path, capsys, "--published", path)
    assert "unknown column 'colour'" in line


def test_two_published_rows_for_one_run_are_left_out(tmp_path, capsys):
    row = "published,x,quick,a,A,i,cpu,1,ok,1,4"
    path = publish(tmp_path, row, row)
    assert len(left_out(tmp_path, capsys, "--published", path)) == 1


def test_the_archived_page_is_read_in_its_old_columns():
    rows = read_rows(ROOT / "results/published/benchm-dl-2017.csv")
    first = rows[0]
    assert first["workload"] == "cnn" and first["data_set"] == "mnist"
    assert first["protocol"] == {
        "batch_size": 128,
        "learning_rate": 0.05,
        "momentum": 0.9,
        "decay": 1e-5,
        "dropout": 0.2,
    }
    assert (first["quality_metric"], first["quality"]) == ("error_rate", 0.009)
    assert "error_rate" not in first and "batch_size" not in first


def test_columns_of_today_are_read_as_they_are(tmp_path):
    path = publish(
        tmp_path,
        'published,x,quick,a,A,i,cpu,1,ok,2,4,tabular,"{""depth"": 6}",auc,0.75',
        header=f"{HEADER},workload,protocol,quality_metric,quality",
    )
    (row,) = read_rows(path)
    assert (row["workload"], row["protocol"]) == ("tabular", {"depth": 6})
    assert (row["quality_metric"], row["quality"]) == ("auc", 0.75)


def test_published_runs_of_another_protocol_are_named(tmp_path, capsys):
    write([record()], tmp_path)
    path = publish(
        tmp_path, "published,x,quick,a,A,i,cpu,1,ok,1,4,64", header=f"{HEADER},batch_size"
    )
    (line,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick", "--published", path)
    assert "batch_size is 64, in the other runs of study quick it is 128" in line
