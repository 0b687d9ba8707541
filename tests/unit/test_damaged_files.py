"""Derived files that are empty or damaged: one line each, that says how they are made again."""

import pytest
from drawing import runs_csv
from synthetic import record

import make_figures
import make_tables


def test_a_table_that_is_no_runs_csv_is_named(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("a,b\n1,2\n")
    assert make_tables.main(["--runs", str(path), "--output-dir", str(tmp_path / "t")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines and all(str(path) in line for line in lines)
    assert not (tmp_path / "t").exists()


DAMAGED = {
    "empty": ("", "it is empty"),
    "cut off": (None, "its end is missing"),
    "zeros": ("\0" * 500, "runs.csv"),
    "a value of another kind": (
        "source,study,tool,tool_name,instance,device,repeat,outcome,machine_gpus\n"
        "measured,quick,a,A,local,gpu,1,ok,7\n",
        "machine_gpus is '7', allowed is JSON",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("program", [make_tables, make_figures])
def test_a_damaged_runs_csv_is_one_line_that_says_how_it_is_made_again(
    tmp_path, capsys, case, program
):
    content, words = DAMAGED[case]
    path = tmp_path / "runs.csv"
    runs_csv(tmp_path, [record("a")])
    capsys.readouterr()
    path.write_text(path.read_text()[:-10] if content is None else content)
    assert program.main(["--runs", str(path), "--output-dir", str(tmp_path / "t")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line and words in line
    assert line.endswith("delete it, and merge_records.py makes it again")


@pytest.mark.parametrize("content", ["", "[]", '{"left_out": 3}', '{"left_out": [1]}'])
def test_a_damaged_list_of_what_was_left_out_is_named(tmp_path, capsys, content):
    runs = runs_csv(tmp_path, [record("a")])
    (tmp_path / "left_out.json").write_text(content)
    capsys.readouterr()
    assert make_tables.main(["--runs", runs, "--output-dir", str(tmp_path / "t")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "left_out.json: not what merge_records.py writes" in line
