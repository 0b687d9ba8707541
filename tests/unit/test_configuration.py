"""Bad configuration: one line that names the file, the key and what is allowed."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchm import configuration
from benchm.files import BadInput

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(*edits):
    config = copy.deepcopy(SHIPPED)
    for edit in edits:
        edit(config)
    return config


def put(*path, value):
    def edit(config):
        for key in path[:-1]:
            config = config[key]
        config[path[-1]] = value

    return edit


def test_the_configuration_that_we_ship_is_good():
    configuration.check(SHIPPED)


PYTORCH = SHIPPED["tools"]["pytorch"]
OLD_ENTRY = {key: value for key, value in PYTORCH.items() if key != "adapters"} | {
    "adapter": "scripts/tools/pytorch.py"
}


@pytest.mark.parametrize(
    ("edit", "key", "words"),
    [
        (put("study", value="quik"), "study", "did you mean quick?"),
        (
            put("study", value="quik"),
            "study",
            "allowed: quick, seed, tabular, churn, credit, tabular_1k, tabular_10k, tabular_100k, "
            "tabular_full, text, reviews, all",
        ),
        (put("study", value=["quick", "sead"]), "study", "did you mean seed?"),
        (put("study", value=["quick", "quick"]), "study", "non-unique"),
        (put("study", value=[]), "study", "[] should be non-empty"),
        (put("study", value=7), "study", "7 is not of type 'string', 'array'"),
        (put("baseline", value="tensorflow"), "baseline", "unknown tool 'tensorflow'"),
        (put("studies", "quick", "epochs", value=-1), "studies.quick.epochs", "at least 1"),
        (put("studies", "quick", "epochs", value="ten"), "studies.quick.epochs", "integer"),
        (put("studies", "quick", "epoch", value=1), "studies.quick.epoch", "did you mean epochs?"),
        (
            put("studies", "quick", "weight_decay", value=1),
            "studies.quick.weight_decay",
            "protocol of workload cnn: batch_size, learning_rate, momentum, decay, dropout",
        ),
        (put("studies", "quick", "momentum", value=1), "studies.quick.momentum", "less than 1"),
        (put("studies", "quick", "batch_size", value=0), "studies.quick.batch_size", "at least 1"),
        (put("studies", "quick", "dropout", value="1"), "studies.quick.dropout", "no number"),
        (put("studies", "quick", "dropout", value=True), "studies.quick.dropout", "no number"),
        (put("studies", "quick", "workload", value="cnnn"), "studies.quick.workload", "mean cnn?"),
        (put("studies", "quick", "data_set", value="mnits"), "studies.quick.data_set", "mnist"),
        (
            put("studies", "quick", "data_set", value="flights"),
            "studies.quick.data_set",
            "allowed: digits, mnist, the data sets of workload cnn",
        ),
        (put("studies", "quick", "full_size", value=1), "studies.quick.full_size", "boolean"),
        (put("studies", "all", value=SHIPPED["studies"]["quick"]), "studies.all", "all studies"),
        (put("tool", value={}), "tool", "did you mean tools?"),
        (put("devices", value=["tpu"]), "devices.0", "cpu, gpu, cpu-N or gpu-N"),
        (put("devices", value=["cpu", "cpu"]), "devices", "non-unique"),
        (put("instance", value="a/b"), "instance", "allowed: letters"),
        (put("instance", value=".."), "instance", "allowed: letters"),
        (put("instance", value="a\n"), "instance", "'a\\n' is no name here"),
        (put("instances", value={"../x": {}}), "instances", "../x"),
        (
            put("instances", "gtx1080ti", "gpu_count", value=1),
            "instances.gtx1080ti.gpu_count",
            "gpus",
        ),
        (put("instances", "gtx1080ti", "gpus", value=-1), "instances.gtx1080ti.gpus", "at least 0"),
        (
            put("studies", "a-published", value=SHIPPED["studies"]["quick"]),
            "studies.a-published",
            "end",
        ),
        (
            put("studies", "machines", value=SHIPPED["studies"]["quick"]),
            "studies.machines",
            "is no study's",
        ),
        (put("also", value=["mxnet_2016"]), "also.0", "did you mean mxnet"),
        (put("tools", "pytorch", "variant_of", value="torch"), "tools.pytorch.variant_of", "torch"),
        (
            put("tools", "pytorch", "adapters", value="scripts/tools/torch"),
            "tools.pytorch.adapters",
            "there is no folder scripts/tools/torch",
        ),
        (
            put("tools", "pytorch", "variant", value="2016"),
            "tools.pytorch.adapters",
            "no adapter for a workload of any study; allowed: scripts/tools/pytorch/cnn_2016.*",
        ),
        (put("tools", "pytorch", "variant", value=2016), "tools.pytorch.variant", "'string'"),
        (put("tools", "pytorch", "variant", value="../x"), "tools.pytorch.variant", "letters"),
        (
            put("tools", "pytorch", "environment", value="envs/torch.yaml"),
            "tools.pytorch.environment",
            "there is no file envs/torch.yaml",
        ),
        (
            put("tools", "pytorch", value=OLD_ENTRY),
            "tools.pytorch.adapter",
            "is now adapters: the folder of the tool's adapters",
        ),
        (put("tools", "pytorch", "adaptors", value="x"), "tools.pytorch.adaptors", "adapters"),
        (put("tools", "Py Torch", value={}), "tools", "Py Torch"),
    ],
)
def test_every_mistake_is_one_line_with_its_key(edit, key, words):
    with pytest.raises(BadInput) as error:
        configuration.check(changed(edit))
    line = str(error.value)
    assert line.startswith(f"config.yaml: key {key}:")
    assert words in line and "\n" not in line


def test_a_missing_key_is_named():
    config = changed()
    del config["studies"]["quick"]["seed"]
    with pytest.raises(BadInput, match="studies.quick: 'seed' is missing"):
        configuration.check(config)


@pytest.mark.parametrize("place", ["/no/such/place", "~no-such-user/x", "/" + "x" * 300])
def test_a_missing_mnist_directory_matters_only_where_mnist_is_used(place):
    config = changed(put("mnist_directory", value=place))
    configuration.check(config)
    for study in ("seed", ["quick", "seed"]):
        with pytest.raises(BadInput, match="mnist_directory"):
            configuration.check(config | {"study": study})


@pytest.mark.parametrize(
    ("study", "runs"),
    [
        ("seed", ["seed"]),
        (["seed", "quick"], ["seed", "quick"]),
        ("all", ["quick", "tabular", "churn", "credit", "text", "third"]),
    ],
)
def test_all_means_every_study_that_is_not_full_size(study, runs):
    third = SHIPPED["studies"]["quick"] | {"full_size": False}
    config = changed(put("studies", "third", value=third), put("study", value=study))
    configuration.check(config)
    assert configuration.studies_to_run(config) == runs


def test_studies_stand_together_in_the_order_of_the_file_however_they_are_named():
    config = changed(put("study", value=["seed", "quick"]))
    assert configuration.studies_together(config) == ["quick", "seed"]


def test_all_is_refused_where_it_means_none():
    config = {**SHIPPED, "study": "all", "studies": {"seed": SHIPPED["studies"]["seed"]}}
    with pytest.raises(BadInput, match="key study: every study is full size; name them: seed"):
        configuration.check(config)


def test_a_protocol_is_the_workload_s_where_the_study_says_nothing():
    config = changed(put("studies", "quick", "momentum", value=0.5))
    assert configuration.protocol_of(config, "quick") == {
        "batch_size": 128,
        "learning_rate": 0.05,
        "momentum": 0.5,
        "decay": 1e-5,
        "dropout": 0.2,
    }
    assert configuration.protocol_of(config, "seed")["momentum"] == 0.9


def test_what_is_run_follows_from_defaults_also_and_devices():
    config = changed(put("also", value=["mxnet_2017"]))
    assert "mxnet_2017" not in configuration.tools_to_run(SHIPPED)
    assert "mxnet_2017" in configuration.tools_to_run(config, "gpu-8")
    assert "numpy_reference" in configuration.tools_to_run(config, "cpu-4")
    assert "numpy_reference" not in configuration.tools_to_run(config, "gpu")


def test_the_program_says_one_line_and_ends_with_2(tmp_path):
    path = tmp_path / "config.yaml"
    for config, code, line in (
        (yaml.safe_dump(SHIPPED), 0, ""),
        (
            yaml.safe_dump(SHIPPED | {"study": "quik"}),
            2,
            "check_configuration: config.yaml: key study: unknown study 'quik' (did you mean "
            "quick?); allowed: churn, credit, quick, reviews, seed, tabular, "
            "tabular_100k, tabular_10k, tabular_1k, tabular_full, text, all\n",
        ),
        (
            f"{yaml.safe_dump(SHIPPED)}baseline: mxnet\n",
            2,
            "check_configuration: config.yaml, line {last}: the key baseline stands there twice\n",
        ),
        ("tools: [", 2, "check_configuration: config.yaml, line 1: "),
        ("- 1", 2, "check_configuration: config.yaml: not a mapping of keys to values\n"),
    ):
        path.write_text(config)
        program = [sys.executable, "scripts/check_configuration.py", str(path)]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
        line = line.format(last=config.count("\n"))
        assert done.returncode == code and done.stderr.count("\n") == bool(code)
        assert done.stderr == line or line.endswith(": ") and done.stderr.startswith(line)
