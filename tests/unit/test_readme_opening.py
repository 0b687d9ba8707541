"""The README opens its results as a report does, with a figure of archived records."""

import pytest

import update_readme
from meter_runs import ROOT

FOLDER = "results/published/2026-11-26-amd-epyc-2-cores/quick"
FIGURE = "docs/figures/2026-11-26-amd-epyc-2-cores-quick.svg"


@pytest.fixture
def readme(tmp_path):
    (tmp_path / "results").symlink_to(ROOT / "results")
    path = tmp_path / "README.md"
    path.write_text(f"<!-- opening of {FOLDER} -->\n<!-- end of table -->\n")
    return path


def test_answer_figure_table_machine_date_and_noise_floor_come_in_this_order(readme):
    assert update_readme.main(["--root", str(readme.parent)]) == 0
    shown = readme.read_text()
    wanted = ["**On 2 cores of AMD EPYC, ", f"]({FIGURE})", "| Tool | Time (s) | vs TF |"]
    wanted += [
        "| PyTorch | ",
        "Machine: local, cpu",
        "measured 2026-11-26",
        "Noise floor: not known",
    ]
    places = [shown.index(words) for words in wanted]
    assert places == sorted(places)
    assert "<svg" in (readme.parent / FIGURE).read_text()


def test_a_figure_that_is_not_of_the_records_is_shown(readme, capsys):
    assert update_readme.main(["--root", str(readme.parent)]) == 0
    assert update_readme.main(["--root", str(readme.parent), "--check"]) == 0
    figure = readme.parent / FIGURE
    figure.write_text(figure.read_text().replace("PyTorch", "Others"))
    assert update_readme.main(["--root", str(readme.parent), "--check"]) == 1
    assert "not what its records say" in capsys.readouterr().out
    assert update_readme.main(["--root", str(readme.parent)]) == 0
    assert update_readme.main(["--root", str(readme.parent), "--check"]) == 0
