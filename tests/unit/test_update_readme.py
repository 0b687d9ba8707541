"""Every number in the README's tables of results is that of an archived record."""

import json

import pytest

import update_readme
from made_machine import A_MACHINE
from meter_runs import ROOT

KINDS = ("tools", "variants")


def test_the_readme_says_what_the_records_say(capsys):
    code = update_readme.main(["--check"])
    assert code == 0, capsys.readouterr().out + "\nTo put it right: make readme"


def test_a_number_that_no_record_holds_is_shown(tmp_path, capsys):
    (tmp_path / "results").symlink_to(ROOT / "results")
    readme = tmp_path / "README.md"
    text = (ROOT / "README.md").read_text()
    start = text.index("<!-- tools of ")
    readme.write_text(text[:start] + text[start:].replace(" 1x |", " 2x |", 1))
    assert update_readme.main(["--readme", str(readme), "--check"]) == 1
    difference = capsys.readouterr().out
    assert "-| " in difference and "2x" in difference

    assert update_readme.main(["--readme", str(readme)]) == 0
    assert readme.read_text() == text


@pytest.mark.parametrize("folder", ["results/published/none", "tests"])
def test_a_folder_without_records_is_named(tmp_path, capsys, folder):
    readme = tmp_path / "README.md"
    readme.write_text(f"<!-- tools of {folder} -->\n<!-- end of table -->\n")
    assert update_readme.main(["--readme", str(readme)]) == 2
    assert f"{folder}/runs" in capsys.readouterr().err


def test_a_kind_of_table_that_there_is_not_is_named(tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text("<!-- tabel of results -->\n<!-- end of table -->\n")
    assert update_readme.main(["--readme", str(readme)]) == 2
    assert "no table tabel; allowed: opening, tools, variants" in capsys.readouterr().err


def test_the_limit_of_the_archived_machine_stands_below_the_tools(tmp_path):
    archive = "results/published/2026-11-25-amd-epyc-2-cores"
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "quick").symlink_to(ROOT / archive / "quick")
    text = "<!-- tools of archive/quick -->\n<!-- end of table -->\n"
    assert "limit" not in update_readme.updated(text, tmp_path)
    record = json.loads((ROOT / archive / "quick/runs/local/cpu/pytorch/1.json").read_text())
    model = record["machine"]["cpu_model"]
    (folder / "machines").mkdir()
    (folder / "machines/local.json").write_text(json.dumps(A_MACHINE | {"cpu_model": model}))
    made = update_readme.updated(text, tmp_path)
    assert "| x above limit |" in made and "| limit (arithmetic) |" in made


def test_what_leaves_the_protocol_stands_in_a_table_of_its_own():
    folder = "results/published/2026-11-25-amd-epyc-2-cores/quick"  # holds runs of both
    text = "".join(f"<!-- {kind} of {folder} -->\n<!-- end of table -->\n" for kind in KINDS)
    made = update_readme.BLOCK.findall(update_readme.updated(text, ROOT))
    tools, variants = (body for _, _, _, body in made)
    assert "| mxnet |" in tools and "mxnet 2017" not in tools
    assert "| mxnet 2017, pooling |" in variants and "| mxnet |" not in variants
