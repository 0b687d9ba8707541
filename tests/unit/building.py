"""A small project whose environments are built by an actor in place of Snakemake."""

import json
import signal
import sys
from pathlib import Path

from fake_programs import SNAKEMAKE, executable

import build_environments as program
from benchm import data_sets, network


class Bench:
    """A small project whose Snakemake is an actor."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.prefix, self.calls = folder, folder / "prefix", folder / "calls"
        self.monkeypatch = monkeypatch
        (folder / "envs").mkdir()
        tools = {}
        for name in ("data", "report", "alpha", "beta"):
            file = folder / "envs" / f"{name}.yaml"
            file.write_text(f"# {name}\ndependencies: ['python>=3.11', {{pip: [a==1]}}]\n")
            if name not in program.REQUIRED:
                tools[name] = {"environment": f"envs/{name}.yaml"}
        config = {"studies": {"quick": {}}, "tools": tools}
        (folder / "config.yaml").write_text(json.dumps(config))
        (folder / "site" / "snakemake").mkdir(parents=True)
        (folder / "site" / "snakemake" / "__main__.py").write_text(
            SNAKEMAKE.format(python=sys.executable)
        )
        (folder / "site" / "snakemake" / "__init__.py").write_text("")
        monkeypatch.setenv("PYTHONPATH", str(folder / "site"))
        monkeypatch.setenv("CALLS", str(self.calls))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setattr(program, "ROOT", folder)
        monkeypatch.setattr(network, "PAUSES", ())  # test_network_failures.py has some

    def give_adapters(self, tool, folder, **more):
        """Give a tool the adapters of a folder of the project; ``more``: of its entry."""
        config = json.loads((self.folder / "config.yaml").read_text())
        config["tools"][tool] |= {"adapters": folder, **more}
        (self.folder / "config.yaml").write_text(json.dumps(config))

    def add_study(self, name, data_set, workload=None):
        """Add a study on a data set of the project, and the environment that makes it."""
        config = json.loads((self.folder / "config.yaml").read_text())
        config["studies"][name] = {"data_set": data_set}
        if workload:
            config["studies"][name]["workload"] = workload
        (self.folder / "config.yaml").write_text(json.dumps(config))
        file = self.folder / data_sets.environment_of(data_set)
        file.write_text(f"# {name}\ndependencies: ['python>=3.11', {{pip: [a==1]}}]\n")

    def run(self, *arguments):
        """Run the program; return its exit status and the environments that were built."""
        self.calls.write_text("")
        line = ["x", "--prefix", str(self.prefix), "--config", str(self.folder / "config.yaml")]
        before, handler = sys.argv, signal.getsignal(signal.SIGTERM)
        sys.argv = [*line, *arguments]
        try:
            status = program.main()
        finally:
            sys.argv = before
            signal.signal(signal.SIGTERM, handler)
        built = sorted(Path(call).stem for call in self.calls.read_text().split())
        return status, built

    def status(self, name):
        return json.loads((self.prefix / "status" / f"{name}.json").read_text())

    def add_conda(self, script="case $1 in info) echo '{}';; *) echo conda 25.1.0;; esac"):
        """Put a conda on PATH; by default one that will do."""
        conda = executable(self.folder / "bin" / "conda", f"#!/bin/sh\n{script}\n")
        self.monkeypatch.setenv("PATH", f"{conda.parent}:/usr/bin:/bin")

    def mark_as_made_by_the_stand_in(self, *names):
        for name in names:
            (self.prefix / f"hash_{name}" / "standin.json").write_text("{}")

    def contents(self):
        """All files of the environments, and what is in them."""
        return {
            str(path.relative_to(self.prefix)): path.read_bytes()
            for path in self.prefix.rglob("*")
            if path.is_file() and "status" not in path.parts
        }
