"""Every tool of config.yaml for real: a small cell in its own environment, under the meter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import configuration
from tool_environments import prefix_of

ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
TOOLS = {tool: CONFIG["tools"][tool] for tool in configuration.tools_to_run(CONFIG)}
# A last batch that is not full, and too few images to leave anything to chance but the rate.
N_TRAIN, N_TEST, EPOCHS = 2000, 500, 3

pytestmark = [pytest.mark.alone, pytest.mark.slow]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "digits"
    script = ROOT / "scripts" / "make_digits.py"
    subprocess.run([sys.executable, script, "--output", folder], check=True)
    return folder


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_trains_the_network_of_the_protocol(tool, digits, tmp_path):
    prefix = prefix_of(Path(configuration.environment_of(TOOLS[tool], "cpu")).stem)
    job = {
        "cell": {
            "tool": tool,
            "tool_name": TOOLS[tool]["name"],
            "device": "cpu",
            "instance": "local",
            "repeat": 1,
        },
        "study": {
            "name": "test",
            "data_set": "digits",
            "n_train": N_TRAIN,
            "n_test": N_TEST,
            "epochs": EPOCHS,
            "batch_size": 128,
            "learning_rate": 0.05,
            "momentum": 0.9,
            "decay": 1e-5,
            "dropout": 0.2,
            "seed": 1,
        },
        "options": TOOLS[tool].get("options", {}),
    }
    command = [sys.executable, ROOT / "scripts/meter.py", "--job", "-", "--data", digits]
    command += ["--record", tmp_path / "record.json", "--time-limit", "300", "--"]
    adapter = ROOT / TOOLS[tool]["adapter"]
    command += ["Rscript" if adapter.suffix == ".R" else prefix / "bin/python", adapter]
    environment = dict(os.environ, CONDA_PREFIX=str(prefix), OMP_NUM_THREADS="1")
    environment["PATH"] = f"{prefix}/bin{os.pathsep}{environment['PATH']}"
    subprocess.run(
        list(map(str, command)), input=json.dumps(job), text=True, check=True, env=environment
    )
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["status"]["outcome"] == "ok", record["status"]
    facts = record["software"]["facts"]
    assert facts["parameters"] == 65402
    assert facts["precision"] in ("float32", "fp32")
    # Whatever the caller's variables say, the tool may use every CPU, and knows it.
    assert facts["threads"] == record["software"]["threads_allowed"]
    assert record["software"]["environment_installed_sha256"]
    assert len(record["times"]["epochs_s"]) == EPOCHS
    # Guessing has an error rate of 0.9; every tool learns this much in three short epochs.
    assert record["quality"]["error_rate"] < 0.5
