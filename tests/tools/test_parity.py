"""The parity card for real: PyTorch and NumPy come out right, each broken copy is found out."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml

from tool_environments import prefix_of, python_of
from verifying import answers, compare, kept, run

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "scripts" / "tools"
STUDY = {
    "name": "test",
    "data_set": "digits",
    "n_train": 2000,
    "n_test": 500,
    "epochs": 3,
    "batch_size": 128,
    "learning_rate": 0.05,
    "momentum": 0.9,
    "decay": 1e-5,
    "dropout": 0.2,
    "seed": 1,
}

pytestmark = pytest.mark.slow


def make_job(tool, device="cpu"):
    tools = yaml.safe_load((ROOT / "config.yaml").read_text())["tools"]
    return {
        "cell": {
            "tool": tool,
            "tool_name": tools[tool]["name"],
            "device": device,
            "instance": "local",
            "repeat": 1,
        },
        "study": dict(STUDY),
        "options": tools[tool].get("options", {}),
    }


@pytest.fixture(scope="module")
def case_path(tmp_path_factory):
    """A file in which all tests here keep the case."""
    return tmp_path_factory.mktemp("case") / "case.npz"


def make_card(job, prefix, folder, *options, probe=None):
    """Run parity.py; return its finished process and the place of its card."""
    tool = job["cell"]["tool"]
    path = folder / "card.json"
    command = [sys.executable, ROOT / "scripts/parity.py", "--job", "-", "--card", path, *options]
    command += ["--", prefix / "bin/python", probe or TOOLS / f"parity/{tool}.py"]
    # A lock of its own: what is tested here needs no idle machine.
    environment = dict(os.environ, CONDA_PREFIX=str(prefix), TMPDIR=str(folder))
    done = subprocess.run(
        list(map(str, command)),
        input=json.dumps(job),
        text=True,
        capture_output=True,
        env=environment,
    )
    return done, path


@pytest.mark.parametrize("tool", ["pytorch", "numpy_reference"])
def test_the_tool_computes_the_network_of_the_protocol(tool, tmp_path, case_path):
    options = ["--case", case_path]
    done, path = make_card(make_job(tool), prefix_of(tool), tmp_path, *options)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert card["outcome"] == "ok", card["log_tail"]
    assert card["verdict"] in ("same", "equivalent"), card["first_difference"]
    assert card["first_difference"] is None
    assert card["versions"]["numpy"]
    assert card["adapter"] == f"{tool}.py"
    assert len(card["series"]["loss"]) == len(card["series"]["loss_error"]) == 20
    assert max(card["series"]["loss_error"]) < 1e-6
    # Nothing but its card and the lock is left behind.
    assert {p.name for p in tmp_path.iterdir()} == {"card.json", "benchm-dl.lock"}


def test_a_device_that_is_not_here_makes_a_card_without_a_verdict(tmp_path):
    done, path = make_card(make_job("numpy_reference", "cpu-4096"), Path(sys.prefix), tmp_path)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("no_device", None)
    assert card["reason"].startswith("4096 CPUs asked for")


def test_a_probe_that_breaks_or_hangs_makes_a_card_that_says_so(tmp_path, case_path):
    options = ["--case", case_path]
    job = make_job("numpy_reference")
    broken = tmp_path / "broken.py"
    broken.write_text("raise ValueError('no such layer')\n")
    done, path = make_card(job, Path(sys.prefix), tmp_path, *options, probe=broken)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("failed", None)
    assert card["reason"] == "ValueError: no such layer (exit code 1)"
    assert card["first_difference"] is None and card["fields"] == []

    broken.write_text("import time\ntime.sleep(600)\n")
    limited = [*options, "--time-limit", "1"]
    done, path = make_card(job, Path(sys.prefix), tmp_path, *limited, probe=broken)
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("timeout", None)

    broken.write_text("pass\n")
    done, path = make_card(job, Path(sys.prefix), tmp_path, *options, probe=broken)
    assert json.loads(path.read_text())["reason"] == "it wrote no answers"


def test_a_signal_leaves_no_card_and_no_process(tmp_path, case_path):
    job, here = make_job("numpy_reference"), tmp_path / "started"
    probe = tmp_path / "slow.py"
    probe.write_text(
        f"import os, time\nopen({str(here)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    )
    (tmp_path / "job.json").write_text(json.dumps(job))
    command = [sys.executable, ROOT / "scripts/parity.py", "--job", tmp_path / "job.json"]
    command += ["--card", tmp_path / "card.json", "--case", case_path, "--", sys.executable, probe]
    environment = dict(os.environ, TMPDIR=str(tmp_path))
    process = subprocess.Popen(list(map(str, command)), env=environment, stderr=subprocess.PIPE)
    while process.poll() is None and not (here.exists() and here.read_text()):
        time.sleep(0.05)
    process.terminate()
    assert process.communicate(timeout=60)[1] == b"parity: stopped by SIGTERM, no card written\n"
    assert process.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "card.json").exists()
    assert not psutil.pid_exists(int(here.read_text()))


def test_bad_input_is_one_line_and_no_card(tmp_path):
    job = make_job("numpy_reference")
    del job["study"]["momentum"]
    done, path = make_card(job, Path(sys.prefix), tmp_path)
    assert done.returncode == 2
    assert done.stderr == ("parity: standard input: key study: 'momentum' is a required property\n")
    assert not path.exists()


# -- broken on purpose ------------------------------------------------------------------------

FLATTEN = """class FlattenChannelsLast(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def network("""

#: Name: what is replaced in the PyTorch adapter, the first field that must differ, its words.
BROKEN = {
    "pooling stride 1": (
        {"nn.MaxPool2d(2)": "nn.MaxPool2d(2, stride=1)", "Linear(400": "Linear(7056"},
        "parameters",
        "pooling stride 1: 917,370 parameters instead of 65,402",
    ),
    "no biases": (
        {
            "kernel_size=4": "kernel_size=4, bias=False",
            "kernel_size=3": "kernel_size=3, bias=False",
            "nn.Linear(400, 128": "nn.Linear(400, 128, bias=False",
            "nn.Linear(128, 64": "nn.Linear(128, 64, bias=False",
            "nn.Linear(64, 10": "nn.Linear(64, 10, bias=False",
            "nn.init.zeros_(layer.bias)": "pass",
        },
        "parameters",
        "no biases: 65,152 parameters instead of 65,402",
    ),
    "TF32": (
        {'fp32_precision = "ieee"': 'fp32_precision = "tf32"'},
        "precision",
        "compute in TF32 instead of float32",
    ),
    "the tool's own initial weights": (
        {"nn.init.xavier_uniform_(layer.weight)": "pass", "nn.init.zeros_(layer.bias)": "pass"},
        "initial_weights",
        "conv1_",
    ),
    "flatten order": (
        {"nn.Flatten()": "FlattenChannelsLast()", "def network(": FLATTEN},
        "log_probabilities",
        "flatten order: channels first and channels last are mixed up",
    ),
    "softmax twice": (
        {"nn.Linear(64, 10),": "nn.Linear(64, 10), nn.Softmax(1),"},
        "log_probabilities",
        "softmax taken twice",
    ),
    "dropout in evaluation": (
        {"    model.eval()\n": ""},
        "log_probabilities",
        "dropout left on in evaluation: the same images give other answers each time",
    ),
    "sum instead of mean": (
        {"cross_entropy(model(images), labels)": "cross_entropy(model(images), labels, "
         "reduction='sum')"},
        "loss",
        "loss is the sum over the batch, not the mean: ",
    ),
    "half of the loss": (
        {"loss.backward()": "(loss / 2).backward()"},
        "gradients",
        "all gradients are 0.5 times what they should be",
    ),
    "a partial batch counts less": (
        {"cross_entropy(model(images), labels)": "cross_entropy(model(images), labels, "
         "reduction='sum') / job.batch_size"},
        "step_losses",
        "a batch that is not full counts less than its mean",
    ),
    "Nesterov": (
        {"momentum=job.momentum)": "momentum=job.momentum, nesterov=True)"},
        "step_losses",
        "Nesterov momentum instead of classical",
    ),
    "another momentum": (
        {"job.momentum * last_rate / rate": "0.95 * last_rate / rate"},
        "step_losses",
        "momentum 0.95 instead of 0.9",
    ),
    "no momentum": (
        {"job.momentum * last_rate / rate": "0"},
        "step_losses",
        "no momentum",
    ),
    "momentum outside the rate": (
        {"job.momentum * last_rate / rate": "job.momentum"},
        "step_losses",
        "momentum outside the learning rate: a new rate rescales the past",
    ),
    "no decay": (
        {"job.learning_rate / (1 + job.decay": "job.learning_rate / (1 + 0"},
        "step_losses",
        "no learning-rate decay",
    ),
    "L2 for decay": (
        {"job.learning_rate / (1 + job.decay": "job.learning_rate / (1 + 0",
         "momentum=job.momentum)": "momentum=job.momentum, weight_decay=job.decay)"},
        "step_losses",
        "no learning-rate decay and L2 weight decay of 0.01",
    ),
    "a little L2": (
        {"momentum=job.momentum)": "momentum=job.momentum, weight_decay=1e-5)"},
        "weights_10",
        "L2 weight decay of 1e-05",
    ),
    "whole channels dropped": (
        {"nn.Dropout(dropout)": "nn.Dropout2d(dropout)"},
        "dropout",
        "values are not dropped one by one: whole lines of axis ",
    ),
    "dropout keeps its rate": (
        {"nn.Dropout(dropout)": "nn.Dropout(4 * dropout)"},
        "dropout",
        "dropout's rate is taken for the share that is kept: ",
    ),
    "no shuffling": (
        {"torch.randperm(n, device=device)": "torch.arange(n, device=device)"},
        "order",
        "no shuffling: the same order in each epoch, that in which samples are stored",
    ),
    "one shuffle": (
        {"randperm(n, device": "randperm(n, generator=torch.Generator().manual_seed(1), device"},
        "order",
        "the same order in every epoch",
    ),
    "last batch dropped": (
        {".split(job.batch_size)\n\n\ndef sgd": "[: n // 128 * 128].split(128)\n\n\ndef sgd"},
        "last_batch",
        "last partial batch left out: 896 of 1,000 samples in an epoch",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def broken_fields(tmp_path_factory, case_path):
    """Return the fields of the card of each broken adapter."""
    python = python_of("pytorch")
    folder = tmp_path_factory.mktemp("broken")
    job = make_job("pytorch")
    case = kept.case(case_path, run.rule_of(STUDY), STUDY["batch_size"])
    case.save(folder / "inputs.npz")
    folders = []
    for number, (replaced, _, _) in enumerate(BROKEN.values()):
        here = folder / str(number)
        shutil.copytree(TOOLS, here / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        adapter = here / "tools" / "pytorch.py"
        source = adapter.read_text()
        for old, new in replaced.items():
            assert old in source, f"the adapter no longer has {old!r}"
            source = source.replace(old, new)
        adapter.write_text(source)
        keys = run.probe_job(job, here, 1, 0) | {"inputs": str(folder / "inputs.npz")}
        (here / "job.json").write_text(json.dumps(keys))
        folders.append(here)
    script = Path(__file__).parent / "broken" / "run_probes.py"
    subprocess.run([python, script, *folders], check=True)
    protocol = SimpleNamespace(batch_size=128, dropout=0.2, decay=1e-5)
    return {
        name: compare.fields(answers.read(here / "answers.npz"), case, protocol)
        for name, here in zip(BROKEN, folders, strict=True)
    }


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_adapter_is_found_out_by_name(name, broken_fields):
    _, field, words = BROKEN[name]
    found = broken_fields[name]
    assert compare.verdict_of(found) == "different"
    difference = compare.first_difference(found)
    assert difference["field"] == field
    assert difference["words"].startswith(words)
