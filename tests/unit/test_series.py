"""Studies of one series: quality against training time, from whatever records are there."""

import csv

import pytest
import yaml
from synthetic import (
    card,
    in_rounds,
    judgement,
    of_metric,
    of_trees,
    order,
    write,
    write_cards,
    write_judgements,
)

import make_series
import merge_records
from benchm import configuration, project, series
from benchm.files import BadInput

SHIPPED = yaml.safe_load((project.ROOT / "config.yaml").read_text())

#: By study: rows, and by tool seconds and AUC.
SIZES = {
    "small": (1000, {"net": (1.0, 0.60), "tree": (0.1, 0.66)}),
    "middle": (10_000, {"net": (5.0, 0.68), "tree": (0.4, 0.68)}),
    "large": (100_000, {"net": (50.0, 0.73), "tree": (2.0, 0.70)}),
}
ORDER = order(["net", "tree"], "net", baselines={"trees": "tree"}, series="lines")


def made(home, name, n_test=2000, sizes=SIZES, without=(), outcome="ok"):
    """Make the runs.csv of a study, with cards and judgements; return its folder."""
    rows, tools = sizes[name]
    records = []
    for tool, (seconds, value) in tools.items():
        times = {tool: [seconds, 1.01 * seconds, 0.99 * seconds]}
        of_tool = in_rounds(
            times, name=name, n_train=rows, n_test=n_test, epochs=1, outcome=outcome
        )
        of_tool = [
            of_metric(item, "auc", value + 0.001 * (item["cell"]["repeat"] - 2))
            if outcome == "ok" else item
            for item in of_tool
        ]  # fmt: skip
        records += [of_trees(item) if tool == "tree" else item for item in of_tool]
    folder, runs = home / name, home / name / "runs.csv"
    paths = map(str, write(records, home))
    assert merge_records.main(["--records", *paths, "--order", ORDER, "--output", str(runs)]) == 0
    kinds = {"tree": {"kind": "trees"}}
    study = records[0]["study"]
    work = {key: study[key] for key in ("workload", "n_train", "epochs", "protocol")}
    cards = [card(t, study=name, work=work, **kinds.get(t, {})) for t in tools if t not in without]
    write_cards(cards, folder / "parity")
    judged = [judgement(item) for item in records if outcome == "ok"]
    write_judgements(judged, folder / "evidence/local/cpu/any")
    return folder


def page(home, folders):
    orders = [ORDER] * len(folders)
    arguments = ["--series", "lines", "--studies", *map(str, folders), "--orders", *orders]
    assert make_series.main([*arguments, "--output-dir", str(home / "series")]) == 0
    return (home / "series/lines.md").read_text()


def points(home):
    with open(home / "series/lines.csv", newline="") as source:
        return {(line["study"], line["tool"]): line for line in csv.DictReader(source)}


def test_the_page_says_for_each_size_who_predicts_best_and_who_leads_where(tmp_path):
    words = page(tmp_path, [made(tmp_path, name) for name in SIZES])
    assert "1,000 rows: best of the trees and linear models Tree, AUC 0.6600 after 0.10 s" in words
    assert "best of the networks Net, AUC 0.6000" in words
    assert "At 1,000 rows the best of the trees and linear models predicts better" in words
    assert "at 100,000 rows the best of the networks predicts better" in words
    assert "at 10,000 rows these runs do not tell the best of both kinds apart" in words
    assert "of all networks alike, as the studies say: 1 at 1,000 rows, 1 at 10,000 rows" in words
    svg = (tmp_path / "series/lines.svg").read_text()
    assert svg.startswith("<?xml") and "Quality" in words
    found = points(tmp_path)
    assert len(found) == 6 and float(found["large", "net"]["quality"]) == pytest.approx(0.73)


def test_the_figure_is_the_same_for_the_same_records(tmp_path):
    folders = [made(tmp_path, name) for name in SIZES]
    page(tmp_path, folders)
    first = (tmp_path / "series/lines.svg").read_bytes()
    page(tmp_path, folders[::-1])
    assert (tmp_path / "series/lines.svg").read_bytes() == first


def test_a_single_study_makes_it_too(tmp_path):
    words = page(tmp_path, [made(tmp_path, "middle")])
    assert "10,000 rows: best of the" in words and "1,000 rows: best of the tr" not in words


def test_what_is_tested_on_other_samples_is_left_out_and_named(tmp_path):
    folders = [made(tmp_path, name, 2000 if name != "large" else 500) for name in SIZES]
    words = page(tmp_path, folders)
    assert "large is left out: it is tested on other samples." in words
    assert {study for study, _ in points(tmp_path)} == {"small", "middle"}


def test_only_certified_tools_are_shown(tmp_path):
    words = page(tmp_path, [made(tmp_path, name, without=("net",)) for name in SIZES])
    assert (
        "Epochs" not in words
        and "Net," not in words
        and {tool for _, tool in points(tmp_path)} == {"tree"}
    )
    assert "best Tree, AUC" in words


def test_without_any_ranked_run_the_page_says_so(tmp_path):
    words = page(tmp_path, [made(tmp_path, "small", without=("net", "tree"))])
    assert "There are no ranked runs of any study of this series." in words
    assert "small is left out: no tool is ranked." in words


def test_a_study_of_which_nothing_is_shown_is_named(tmp_path):
    folders = [
        made(tmp_path, "small"),
        made(tmp_path, "middle", without=("net", "tree")),
        made(tmp_path, "large", outcome="failed"),
    ]
    words = page(tmp_path, folders)
    assert "1,000 rows: best" in words and "10,000 rows: best" not in words
    assert "middle is left out: no tool is ranked." in words
    assert "large is left out: nothing was measured." in words
    words = page(tmp_path, folders[2:])
    assert "There are no ranked runs" in words and "nothing was measured." in words


def test_a_study_that_is_not_there_is_bad_input(tmp_path, capsys):
    arguments = ["--series", "lines", "--studies", str(tmp_path / "none"), "--orders", ORDER]
    assert make_series.main([*arguments, "--output-dir", str(tmp_path)]) == 2
    assert "none/runs.csv" in capsys.readouterr().err


def test_studies_of_a_series_are_of_the_same_work_and_only_those_asked_for_run():
    config = SHIPPED | {"study": ["tabular_1k", "quick"]}
    asked = configuration.studies_to_run(config)
    assert series.names(config, asked) == ["flights"]
    assert series.names(config, ["quick"]) == []
    to_run, others = series.studies_of(config, "flights", asked)
    assert to_run == ["tabular_1k"] and "tabular_full" in others and "tabular" not in others
    other = SHIPPED["studies"]["tabular_10k"] | {"n_test": 100}
    with pytest.raises(BadInput, match=r"studies.tabular_10k.n_test: 100; allowed: 65353"):
        configuration.check(SHIPPED | {"studies": SHIPPED["studies"] | {"tabular_10k": other}})
