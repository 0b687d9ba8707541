"""Bad configuration: one line that names the file, the key and what is allowed."""

import copy
from pathlib import Path

import pytest
import yaml

import configuration

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())


def test_the_configuration_that_we_ship_is_good():
    configuration.check(SHIPPED)


def put(*path, value):
    def edit(config):
        for key in path[:-1]:
            config = config[key]
        config[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "key", "words"),
    [
        (put("study", value="quik"), "study", "did you mean quick?"),
        (put("study", value="quik"), "study", "allowed: quick, seed"),
        (put("baseline", value="tensorflow"), "baseline", "unknown tool 'tensorflow'"),
        (put("studies", "quick", "epochs", value=-1), "studies.quick.epochs", "at least 1"),
        (put("studies", "quick", "epochs", value="ten"), "studies.quick.epochs", "integer"),
        (put("studies", "quick", "epoch", value=1), "studies.quick.epoch", "did you mean epochs?"),
        (put("studies", "quick", "data_set", value="mnits"), "studies.quick.data_set", "mnist"),
        (put("studies", "quick", "n_train", value=60001), "studies.quick.n_train", "60000"),
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
        (put("also", value=["mxnet_2016"]), "also.0", "did you mean mxnet"),
        (put("tools", "pytorch", "variant_of", value="torch"), "tools.pytorch.variant_of", "torch"),
        (put("tools", "pytorch", "adapter", value="x.py"), "tools.pytorch.adapter", "no file x.py"),
        (put("tools", "pytorch", "adaptor", value="x"), "tools.pytorch.adaptor", "adapter"),
        (put("tools", "Py Torch", value={}), "tools", "Py Torch"),
    ],
)
def test_every_mistake_is_one_line_with_its_key(edit, key, words):
    config = copy.deepcopy(SHIPPED)
    edit(config)
    with pytest.raises(configuration.ConfigurationError) as error:
        configuration.check(config)
    line = str(error.value)
    assert line.startswith(f"config.yaml: key {key}:")
    assert words in line and "\n" not in line


def test_a_missing_key_is_named():
    config = copy.deepcopy(SHIPPED)
    del config["studies"]["quick"]["seed"]
    with pytest.raises(configuration.ConfigurationError, match="studies.quick: 'seed' is missing"):
        configuration.check(config)


def test_a_missing_mnist_directory_matters_only_where_mnist_is_used():
    config = copy.deepcopy(SHIPPED) | {"mnist_directory": "/no/such/place"}
    configuration.check(config)
    with pytest.raises(configuration.ConfigurationError, match="mnist_directory"):
        configuration.check(config | {"study": "seed"})
