"""Every number in the README's and the pages' tables of results is that of an archived record."""

import json
import re

import pytest
from synthetic import record, write

import update_readme
from benchm.files import BadInput
from made_machine import A_MACHINE
from meter_runs import ROOT

KINDS = ("tools", "variants")
ARCHIVE = "results/published/2026-11-25-amd-epyc-2-cores"  # of two studies


def blocks(made):
    """The text of each block by its kind and folder."""
    return {(kind, folder): body for _, kind, folder, body in update_readme.BLOCK.findall(made)}


def test_readme_and_pages_say_what_the_records_say(capsys):
    code = update_readme.main(["--check"])
    assert code == 0, capsys.readouterr().out + "\nTo put it right: make readme"


@pytest.fixture
def root(tmp_path):
    """A folder with the archives, and empty ``docs``."""
    (tmp_path / "results").symlink_to(ROOT / "results")
    (tmp_path / "docs").mkdir()
    return tmp_path


def test_a_number_that_no_record_holds_is_shown(root, capsys):
    (root / "README.md").write_text("No table here.\n")
    page = root / "docs/results.md"
    page.write_text(f"Before.\n\n<!-- tools of {ARCHIVE}/seed -->\n<!-- end of table -->\n")
    assert update_readme.main(["--root", str(root)]) == 0
    text = page.read_text()
    page.write_text(text.replace(" 1x |", " 2x |", 1))
    assert update_readme.main(["--root", str(root), "--check"]) == 1
    difference = capsys.readouterr().out
    assert "docs/results.md: not what its records say" in difference
    assert "-| " in difference and "2x" in difference

    assert update_readme.main(["--root", str(root)]) == 0
    assert page.read_text() == text and text.startswith("Before.\n")
    assert (root / "README.md").read_text() == "No table here.\n"


def test_the_readme_has_the_short_answer_and_a_page_of_docs_the_long_one(root):
    folder = "results/published/2026-11-26-xeon-2-cores-2/tabular"
    marks = f"<!-- {{}} of {folder} -->\n<!-- end of table -->\n"
    (root / "README.md").write_text("".join(map(marks.format, ("answer", "figure"))))
    (root / "docs/results.md").write_text(marks.format("opening"))
    assert update_readme.main(["--root", str(root)]) == 0
    short = blocks((root / "README.md").read_text())
    long = blocks((root / "docs/results.md").read_text())["opening", folder]
    answer, (sentence, _) = short["answer", folder], long.split("\n", 1)
    assert answer.startswith(sentence)
    # A table for each kind of tools, and what is needed to believe it.
    assert "| Tool | Time (s) | vs TF | Tier | AUC | Certified |" in answer
    assert "| Tool | Time (s) | vs LightGBM | Tier | AUC | Certified |" in answer
    assert answer.count("Machine: ") == 2 and "measured 2026-11-26" in answer
    assert "Noise floor: Keras (TensorFlow) against itself" in answer
    assert "In brackets: " not in answer and "In brackets: " in long
    # Each page links the one figure from where it lies.
    drawn = update_readme.figure_of(folder)
    assert f"]({drawn})" in short["figure", folder]
    assert f"](figures/{(root / drawn).name})" in long and (root / drawn).exists()


@pytest.mark.parametrize(
    ("drawn", "is_same"),
    [
        ('<path id="m0e1.25" d="M 135.998437 -7.5 L 10 0"/>', True),
        ('<path id="m0e1.25" d="M 135.998440 -7.5 L 10 0"/>', False),
        ('<path id="m0e1.25" d="M 135.988438 -7.5 L 10 0"/>', False),
        ('<path id="m0e1.25" d="M 135.998438 -7.5 L 11 0"/>', False),
        ('<path id="m0e1.25" d="M 135.998438 -7.500001 L 10 0"/>', True),
        ('<path id="m0e1.25" d="M 135.998438 -7.5 L 9.999999 0"/>', True),
        ('<path id="m0e1.25" d="M  -7.5 L 10 0"/>', False),
        ('<path id="m0e1.26" d="M 135.998438 -7.5 L 10 0"/>', False),
        ('<path id="m0e1.25" d="M 135.998438 L 10 0"/>', False),
    ],
)
def test_a_drawing_is_the_same_where_another_processor_rounds_the_last_digit(
    tmp_path, drawn, is_same
):
    figure = tmp_path / "a.svg"
    figure.write_text('<path id="m0e1.25" d="M 135.998438 -7.5 L 10 0"/>')
    assert update_readme.is_so(figure, drawn) is is_same
    # Of a page not a digit may differ.
    page = tmp_path / "a.md"
    page.write_text("1.000001")
    assert not update_readme.is_so(page, "1.000002")


def test_who_leads_where_is_said_as_above_the_table_of_all_studies():
    marks = f"<!-- {{}} of {ARCHIVE} -->\n<!-- end of table -->\n"
    made = blocks(update_readme.updated("".join(map(marks.format, ("leaders", "summary"))), ROOT))
    (said,) = made["leaders", ARCHIVE].split("\n\n")[:1]
    assert said.startswith("On local, cpu (2 cores of AMD EPYC") and " in quick" in said
    assert said.strip() in made["summary", ARCHIVE] and "|" not in made["leaders", ARCHIVE]


@pytest.mark.parametrize("folder", ["results/published/none", "tests"])
def test_a_folder_without_records_is_named(tmp_path, capsys, folder):
    readme = tmp_path / "README.md"
    readme.write_text(f"<!-- tools of {folder} -->\n<!-- end of table -->\n")
    assert update_readme.main(["--root", str(tmp_path)]) == 2
    assert f"{folder}/runs" in capsys.readouterr().err


def test_a_kind_of_table_that_there_is_not_is_named(tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text("<!-- tabel of results -->\n<!-- end of table -->\n")
    assert update_readme.main(["--root", str(tmp_path)]) == 2
    assert (
        "no table tabel; allowed: answer, opening, figure, tools, variants"
        in capsys.readouterr().err
    )


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


def test_several_studies_open_each_with_its_own_answer_and_figure(tmp_path):
    (tmp_path / "results").symlink_to(ROOT / "results")
    folders = [f"{ARCHIVE}/quick", f"{ARCHIVE}/seed"]
    readme = tmp_path / "README.md"
    readme.write_text("".join(f"<!-- opening of {f} -->\n<!-- end of table -->\n" for f in folders))
    assert update_readme.main(["--root", str(tmp_path)]) == 0
    found = blocks(readme.read_text())
    drawn = [update_readme.figure_of(folder) for folder in folders]
    for folder, mine, other in zip(folders, drawn, drawn[::-1], strict=True):
        body = found["opening", folder]
        assert body.startswith("**On 2 cores") and f"]({mine})" in body and other not in body
    assert len({(tmp_path / path).read_text() for path in drawn}) == 2
    assert update_readme.main(["--root", str(tmp_path), "--check"]) == 0


def test_studies_of_an_archive_stand_side_by_side():
    marks = f"<!-- summary of {ARCHIVE} -->\n<!-- end of table -->\n"
    body = blocks(update_readme.updated(marks, ROOT))["summary", ARCHIVE]
    assert "| Tool | quick | seed | Geometric mean |" in body and "| PyTorch | " in body
    assert "mxnet 2017" not in body, "variants leave the protocol"


def test_a_kind_of_tools_is_not_offered_where_none_of_it_has_the_work():
    folder = "results/published/2026-11-26-xeon-2-cores-2"
    marks = f"<!-- summary of {folder} -->\n<!-- end of table -->\n"
    body = blocks(update_readme.updated(marks, ROOT))["summary", folder]
    assert re.search(r"\| LightGBM \| not offered \| 1x, tier \d \| not offered \|", body)


def test_rows_whose_evidence_was_judged_say_so():
    folder = "results/published/2026-11-26-xeon-2-cores-2/quick"
    marks = f"<!-- opening of {folder} -->\n<!-- end of table -->\n"
    made = blocks(update_readme.updated(marks, ROOT))["opening", folder]
    (row,) = re.findall(r"^\| PyTorch .*", made, re.M)
    assert row.endswith("| yes |")


def test_a_folder_of_one_study_has_nothing_to_stand_beside(tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text("<!-- summary of archive -->\n<!-- end of table -->\n")
    (tmp_path / "archive/quick/runs").mkdir(parents=True)
    assert update_readme.main(["--root", str(tmp_path)]) == 2
    assert "two studies or more" in capsys.readouterr().err


def test_each_device_of_an_archive_has_its_table_and_what_never_ran_none(tmp_path):
    names = ("keras_tensorflow", "pytorch")
    runs = [
        record(tool, device=device, train_s=place + 1.0, outcome=outcome)
        for device, outcome in (("cpu", "ok"), ("gpu", "ok"), ("gpu-8", "no_device"))
        for place, tool in enumerate(names)
    ]
    write(runs, tmp_path)
    kinds = ("opening", "tools")
    marks = "".join(f"<!-- {kind} of quick -->\n<!-- end of table -->\n" for kind in kinds)
    found = blocks(update_readme.updated(marks, tmp_path))
    for kind in kinds:
        body = found[kind, "quick"]
        assert "On local, cpu (" in body and "On local, gpu (" in body and "gpu-8" not in body
        assert body.count("| PyTorch | ") == 2
    write([record(tool, outcome="failed") for tool in names], tmp_path / "other")
    with pytest.raises(BadInput, match="no run in it was measured"):
        update_readme.updated(marks.replace("quick", "other/quick"), tmp_path)


def test_studies_of_a_series_say_together_what_more_rows_bring(root):
    archive = "results/published/2026-11-26-xeon-2-cores-2"
    folder = root / "sizes"
    folder.mkdir()
    (folder / "tabular").symlink_to(ROOT / archive / "tabular")
    page = root / "docs/results.md"
    page.write_text("<!-- series of sizes -->\n<!-- end of table -->\n")
    (root / "README.md").write_text("")
    assert update_readme.main(["--root", str(root)]) == 0
    body = blocks(page.read_text())["series", "sizes"]
    assert "* " in body and "40,000 rows" in body
    assert "](figures/sizes.svg)" in body
    assert "AUC against training time" in (root / "docs/figures/sizes.svg").read_text()

    (folder / "tabular").unlink()
    assert update_readme.main(["--root", str(root)]) == 2
