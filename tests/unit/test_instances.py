"""Results can't be stored under the name of a machine that this one is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchm import instances
from benchm.files import BadInput

ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests/fake_nvml"
K80 = {"gpu": "Tesla K80", "gpus": 1, "cpus": 4}


@pytest.mark.parametrize(
    ("described", "detected", "same"),
    [
        ("Tesla K80", "Tesla K80", True),
        ("Tesla V100", "Tesla V100-SXM2-16GB", True),
        ("GTX 1080 Ti", "NVIDIA GeForce GTX 1080 Ti", True),
        ("H200", "NVIDIA H200", True),
        ("GTX 1080", "NVIDIA GeForce GTX 1080 Ti", False),
        ("RTX 4070", "NVIDIA GeForce RTX 4070 Laptop GPU", False),
        ("Tesla K80", "Tesla V100-SXM2-16GB", False),
        ("H100", "NVIDIA H200", False),
    ],
)
def test_a_model_is_known_by_the_words_that_matter(described, detected, same):
    assert instances.same_model(described, detected) == same


@pytest.mark.parametrize(
    ("about", "gpus", "cpus", "words"),
    [
        ({}, [], 2, None),
        ({}, ["NVIDIA H200"], 16, None),
        (K80, ["Tesla K80"], 4, None),
        (K80, [], 4, "described with 1 x Tesla K80, and this machine has no GPU"),
        (K80, ["Tesla K80"] * 8, 32, "this machine has 8 x Tesla K80"),
        (K80, ["NVIDIA H200"], 4, "1 x Tesla K80, and this machine has 1 x NVIDIA H200"),
        (K80, ["Tesla K80"], 32, "described with 4 CPUs, and this machine has 32"),
        ({"gpus": 0}, [], 2, None),
        ({"gpus": 0}, ["Tesla K80"], 2, "described with no GPU"),
        ({"cpus": 8}, [], 8, None),
        ({"gpu": "L4"}, ["NVIDIA L4", "NVIDIA L4"], 8, None),
    ],
)
def test_a_mismatch_names_both_machines(about, gpus, cpus, words):
    line = instances.mismatch(about, gpus, cpus)
    assert (line is None) if words is None else (words in line)


def test_the_refusal_says_which_machine_it_could_be(monkeypatch):
    monkeypatch.setattr(instances, "models_in_machine", lambda: ["Tesla K80"])
    monkeypatch.setattr(instances.psutil, "cpu_count", lambda: 4)
    described = {"p3.2xlarge": {"gpu": "Tesla V100", "gpus": 1}, "p2.xlarge": K80, "local": None}
    with pytest.raises(BadInput) as refused:
        instances.check("p3.2xlarge", described)
    line = str(refused.value)
    assert line.startswith("config.yaml: key instances.p3.2xlarge:") and "\n" not in line
    assert "Tesla V100" in line and "Tesla K80" in line and "could be p2.xlarge" in line
    instances.check("p2.xlarge", described)
    instances.check("local", described)
    instances.check("a-name-of-my-own", described)


@pytest.mark.parametrize(
    ("fake", "models"),
    [
        ({"gpus": [{"uuid": "GPU-1", "name": "Tesla K80"}, {"uuid": "GPU-2"}]}, 2),
        ({"gpus": [{"uuid": "GPU-1"}, {"uuid": "GPU-2", "handle_error": 4}]}, 1),
        ({"gpus": [{"uuid": "GPU-1", "instances": [{"uuid": "MIG-1", "gpu_instance": 1}] * 2}]}, 1),
        ({"init_error": 12}, 0),
        (None, 0),
    ],
)
def test_hidden_gpus_are_in_the_machine_and_those_of_others_are_not(tmp_path, fake, models):
    (tmp_path / "pynvml.py").write_text("raise ImportError")
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, [FAKE if fake else tmp_path, ROOT / "scripts"])),
        "FAKE_NVML": json.dumps(fake),
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    code = "from benchm import instances; print(len(instances.models_in_machine()))"
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True)
    assert (done.stdout.split(), done.stderr) == ([str(models).encode()], b"")
