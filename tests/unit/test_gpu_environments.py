"""The environments for GPUs: the same versions as those for the CPU, and MXNet's CUDA libraries."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ENVIRONMENTS = Path(__file__).resolve().parents[2] / "envs"
FOR_GPUS = sorted(ENVIRONMENTS.glob("*.gpu.yaml"))
POST_DEPLOY = ENVIRONMENTS / "mxnet.gpu.post-deploy.sh"


def versions(path):
    """Return what is measured of an environment: project -> version, whatever its build."""
    text = path.read_text().partition("# What those need in turn")[0]
    found = {}
    for entry in yaml.safe_load(text)["dependencies"]:
        for line in entry["pip"] if isinstance(entry, dict) else [entry]:
            name, _, version = re.split(r"\s+@", line)[0].partition("=")
            name = re.sub(r"\[.*\]|-(cpu|gpu|cu\d+)$", "", name)
            found[name] = version.strip("=")
    return found


@pytest.mark.parametrize("path", FOR_GPUS, ids=lambda path: path.name)
def test_cpu_and_gpu_compare_the_same_versions(path):
    on_gpu = versions(path)
    on_cpu = versions(path.with_name(path.name.replace(".gpu.", ".")))
    builds = {"python", "c-compiler", "cxx-compiler", "pip"}
    for name in set(on_cpu) - builds:
        assert on_gpu[name] == on_cpu[name], name


def deploy(prefix):
    """Run MXNet's post-deploy script in a folder that looks like its environment."""
    python = prefix / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\ncase "$2" in *sysconfig*) echo "{prefix}/site" ;; esac\n')
    python.chmod(0o755)
    environment = dict(os.environ, CONDA_PREFIX=str(prefix))
    return subprocess.run([POST_DEPLOY], env=environment, capture_output=True, text=True)


def library(prefix, name):
    path = prefix / "site" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name)
    return path


def test_mxnet_finds_cudas_libraries_beside_its_own(tmp_path):
    library(tmp_path, "mxnet/libmxnet.so")
    library(tmp_path, "nvidia/cublas/lib/libcublas.so.11")
    library(tmp_path, "nvidia/cudnn/lib/libcudnn.so.8")
    assert deploy(tmp_path).returncode == 0
    for folder, name in (("cublas", "libcublas.so.11"), ("cudnn", "libcudnn.so.8")):
        link = tmp_path / "site" / "mxnet" / name
        assert link.is_symlink() and link.read_text() == f"nvidia/{folder}/lib/{name}"


@pytest.mark.parametrize("there", [[], ["mxnet/libmxnet.so"]])
def test_what_mxnet_lacks_is_one_line(tmp_path, there):
    for name in there:
        library(tmp_path, name)
    done = deploy(tmp_path)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert ("CUDA libraries" if there else "libmxnet.so") in done.stderr
