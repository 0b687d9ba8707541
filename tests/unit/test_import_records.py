"""Records of other machines come in whole or not at all, and every refusal names its file."""

import hashlib
import json

import pytest
from bringing_in import bring, made
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import card, changed, record_1, write, write_cards
from synthetic import place as path_of

import import_records
from made_machine import A_MACHINE


@pytest.fixture
def place(tmp_path):
    return tmp_path


def test_records_go_where_the_workflow_finds_them(place, capsys):
    code, there = bring(place, [made(), made(repeat=2), made(tool="mxnet", device="gpu")])
    assert code == 0
    assert there == [
        "quick/runs/their-box/cpu/pytorch/1.json",
        "quick/runs/their-box/cpu/pytorch/2.json",
        "quick/runs/their-box/gpu/mxnet/1.json",
    ]
    assert "3 brought in" in capsys.readouterr().out


def test_a_second_time_changes_nothing(place, capsys):
    bring(place, [made()])
    path = place / "results/quick/runs/their-box/cpu/pytorch/1.json"
    before = path.stat().st_mtime_ns
    code, _ = bring(place, [made()])
    assert code == 0 and path.stat().st_mtime_ns == before
    assert "0 brought in, 1 were here already" in capsys.readouterr().out


def test_a_file_is_kept_as_it_is_and_a_renamed_one_changes_in_its_name_alone(place):
    for item in (made(), made(record=record_1, tool="mxnet")):
        text = json.dumps(item, indent=3)
        assert bring(place, [text])[0] == 0
        assert path_of(item, place / "results").read_text() == text
    old = made(record=record_1, tool="neon", instance="local")
    assert bring(place, [old], "--as", "their-box")[0] == 0
    renamed = changed(old, "cell.instance", "their-box")
    assert json.loads(path_of(renamed, place / "results").read_text()) == renamed


def test_a_machine_gets_a_name_of_its_own(place):
    code, there = bring(place, [made(instance="local")], "--as", "their-box")
    assert (code, there) == (0, ["quick/runs/their-box/cpu/pytorch/1.json"])
    kept = json.loads((place / "results" / there[0]).read_text())
    assert kept["cell"]["instance"] == "their-box"


@pytest.mark.parametrize(
    ("records", "options", "words"),
    [
        ([made(instance="local")], [], "this machine's own; give it a name with --as"),
        ([made(), made()], [], "the run their-box/cpu/pytorch/1 is also in"),
        ([made(epochs=3)], [], "another protocol of study quick: epochs 3 (config.yaml: 5)"),
        ([made(name="fast") | {"study": made()["study"] | {"name": "fast"}}], [], "unknown study"),
        ([made() | {"schema_version": 0}], [], "schema_version 0; allowed are 1, 2"),
        (
            [made(instance="p2.xlarge")],
            [],
            "instance p2.xlarge: it is described with 1 x Tesla K80",
        ),
        ([made()], ["--as", "../x"], "key instance: '../x' is no name here"),
        ([{"some": "thing"}], [], "not a benchm-dl record"),
        ([changed(made(), "cell.instance", "a/b")], [], "a/b"),
        ([changed(made(), "cell.instance", "..")], [], ".."),
        ([changed(made(), "cell.instance", "box\n")], [], "control character U+000A"),
        ([card(instance="box\n")], [], "'box\\n' ends with a line break"),
        ([made()], ["--as", "box\n"], "is no name here"),
        ([changed(made(), "times.predict_s", 9.0)], [], "the clock jumped"),
        (["[" * 100_000], [], "0.json: broken"),
        (['{"verdict": ' + "[" * 100_000], [], "0.json: broken"),
        (['{"half": '], [], "0.json: broken"),
        (["{}" + " " * 2**24], [], "allowed are at most 16777216"),
        ([changed(made(), "times.train_s", float("nan"))], [], "NaN is not allowed"),
        ([card(instance="their-box", facts={"spread": float("nan")})], [], "NaN or infinity"),
        ([made(), changed(made(tool="mxnet"), "machine.cores_logical", 64)], [], "64 CPUs"),
        ([made(instance="a"), made(instance="b", tool="mxnet")], ["--as", "c"], "several"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_comes_in(place, capsys, records, options, words):
    good = made(tool="keras_jax")
    code, there = bring(place, [*records, good], *options)
    said = capsys.readouterr().err
    assert code == 2 and there == []
    assert words in said
    assert options or "0.json" in said or "1.json" in said


def test_what_was_measured_here_is_never_replaced(place, capsys):
    bring(place, [made(train_s=10.0)])
    code, there = bring(place, [made(train_s=11.0)])
    assert code == 2 and "is here already and differs" in capsys.readouterr().err
    kept = json.loads((place / "results" / there[0]).read_text())
    assert kept["times"]["train_s"] == 10.0


def test_what_is_broken_here_is_never_replaced(place, capsys):
    bring(place, [made()])
    path = place / "results/quick/runs/their-box/cpu/pytorch/1.json"
    path.write_text('{"half": ')
    code, _ = bring(place, [made()])
    assert code == 2 and str(path) in capsys.readouterr().err
    assert path.read_text() == '{"half": '


def test_a_run_may_have_seen_only_some_of_its_machines_gpus(place, capsys):
    def run(**keys):
        item = made(instance="p2.8xlarge", device="gpu", **keys)
        return changed(item, "machine.cores_logical", 32)

    assert bring(place, [run(gpus=["Tesla K80"])])[0] == 0
    for gpus in (["Tesla K80"] * 16, ["Tesla V100"], []):
        assert bring(place, [run(gpus=gpus, tool="mxnet")])[0] == 2
        assert "Tesla K80, and the record's machine had" in capsys.readouterr().err


@pytest.fixture
def workflow(place):
    """The results directory of another machine, as a workflow leaves it."""
    results = place / "checkout/results"
    record_of_theirs = made(instance="local")
    write([record_of_theirs], results)
    write([made(instance="third-box", tool="mxnet")], results)
    write([made(instance="local", train_s=99.0)], results / "replaced/there")
    write([made(instance="local", tool="neon")], results / "published/2026")
    own = card("pytorch", instance="local")
    path = results / "quick/parity/cards/local/cpu/pytorch.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(own))
    write_cards([own], results / "quick/parity")
    (results / "quick/replaced").mkdir()
    (results / "quick/replaced/local-cpu-pytorch-1-old.json").write_text(
        json.dumps(changed(record_of_theirs, "times.cold_s", 50.0))
    )
    write([made(instance="local", train_s=98.0)], results / "quick/attempts")
    (results / "quick/left_out.json").write_text(json.dumps({"left_out": []}))
    (results / "machines").mkdir()
    (results / "machines/local.json").write_text(json.dumps(A_MACHINE))
    (place / "checkout/Snakefile").write_text("")
    (place / "checkout/.driver").mkdir()
    (place / "checkout/.driver/package.json").write_text("{}")
    return results


@pytest.mark.parametrize("where", [".", "..", "quick"])
def test_a_whole_results_directory_is_taken_for_what_it_holds(place, workflow, where):
    """Its collected cards, its machine, and runs that don't count are no runs of their own."""
    results = place / "results"
    options = ["--from", str(workflow / where), "--results", str(results), "--as", "their-box"]
    assert import_records.main(options) == 0
    assert sorted(str(path.relative_to(results)) for path in results.rglob("*.json")) == [
        "quick/parity/cards/their-box/cpu/pytorch.json",
        "quick/runs/their-box/cpu/pytorch/1.json",
        "quick/runs/third-box/cpu/mxnet/1.json",  # it has a name already
    ]
    for path in results.rglob("*.json"):
        kept = json.loads(path.read_text())
        assert kept.get("cell", kept)["instance"] in path.parts


def test_a_directory_without_any_run_is_named(place, capsys):
    (place / "from/replaced").mkdir(parents=True)
    (place / "from/replaced/old.json").write_text(json.dumps(made()))
    code, there = bring(place, [])
    assert code == 2 and there == []
    assert "from: no record (*.json) in this directory" in capsys.readouterr().err


def test_a_run_is_not_brought_in_under_two_names(place, capsys):
    bring(place, [made(instance="local")], "--as", "their-box")
    code, there = bring(place, [made(instance="local")], "--as", "other-name")
    assert code == 0 and there == ["quick/runs/their-box/cpu/pytorch/1.json"]
    said = capsys.readouterr().out
    assert "0 brought in, 1 were here already" in said
    assert "0.json is here as " in said and f"{there[0]}\n" in said


def test_one_name_is_one_kind_of_machine(place, capsys):
    bring(place, [made()])
    other = changed(made(tool="mxnet"), "machine.cpu_model", "Another CPU")
    code, there = bring(place, [made(), other])
    said = capsys.readouterr().err
    assert code == 2 and len(there) == 1
    assert "1.json: instance their-box is Another CPU, 2 CPUs, no GPU here and Made-up" in said
    code, there = bring(place, [made(), changed(made(tool="mxnet"), "machine.gpus", ["H200"])])
    assert code == 0 and len(there) == 2, "a GPU may be put in later"


def test_other_images_are_another_protocol(place, capsys):
    sums = place / "results/data/digits/SHA256SUMS"
    sums.parent.mkdir(parents=True)
    sums.write_text("some sums\n")
    code, there = bring(place, [made()])
    assert code == 2 and there == []
    assert "0.json: another data set digits: data_sha256 7878" in capsys.readouterr().err
    ours = hashlib.sha256(sums.read_bytes()).hexdigest()
    assert bring(place, [changed(made(), "provenance.data_sha256", ours)])[0] == 0


CELLS = st.fixed_dictionaries(
    {
        "tool": st.sampled_from(["alpha", "beta"]),
        "device": st.sampled_from(["cpu", "gpu-2"]),
        "instance": st.sampled_from(["box-a", "box-b"]),
        "repeat": st.integers(1, 2),
        "train_s": st.sampled_from([1.0, 2.0]),
    }
)


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=3))
def test_whatever_is_brought_in_nothing_is_lost_and_nothing_is_changed(tmp_path_factory, batches):
    """A batch comes in whole or not at all, and what came in before stays as it was."""
    place = tmp_path_factory.mktemp("batches")
    here = {}
    for number, batch in enumerate(batches):
        source = place / f"{number}"
        source.mkdir()
        runs = [
            tuple(cell[key] for key in ("instance", "device", "tool", "repeat")) for cell in batch
        ]
        for index, cell in enumerate(batch):
            # two machines don't make the same run
            started = f"2021-01-0{1 + (cell['instance'] == 'box-b')}T00:00:00Z"
            item = changed(made(**cell), "provenance.started_utc", started)
            (source / f"{index}.json").write_text(json.dumps(item))
        code = import_records.main(["--from", str(source), "--results", str(place / "results")])
        times = dict(zip(runs, (cell["train_s"] for cell in batch), strict=True))
        new = [run for run in runs if run not in here]
        good = len(set(new)) == len(new) and all(
            here.get(run, cell["train_s"]) == cell["train_s"]
            for run, cell in zip(runs, batch, strict=True)
        )
        assert (code == 0) == good
        here |= times if good else {}
        found = {}
        for path in (place / "results").rglob("*.json"):
            kept = json.loads(path.read_text())
            *parts, file = path.relative_to(place / "results/quick/runs").parts
            found[(*parts, int(file.removesuffix(".json")))] = kept["times"]["train_s"]
        assert found == here
