"""Build the environments of the tools one by one, so that one that fails stops no other.

    python scripts/build_environments.py
    python scripts/build_environments.py --retry keras_cntk
    python scripts/build_environments.py --gpus 1     # where a cluster's jobs are submitted

Snakemake builds them itself when it needs them, but gives up the whole run when one cannot be
had. This program has Snakemake build each in a run of its own (``environments.smk``) and
leaves what came of it in ``PREFIX/status/NAME.json`` (PREFIX: .environments in the project;
the keys are those of ``environments/status.py``).

A failure is not tried again until something that matters has changed (the file, its
post-deploy script, conda, the Pythons and compilers to be found, pip's configuration), unless
``--retry`` is given or it was none that lasts. The environments of ``data`` and ``report``, and
those that make the data sets of the studies that are named, are required: without them there is no
report, and the exit status is 1.
"""

import argparse
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from benchm import (
    adapters,
    configuration,
    data_sets,
    locks,
    paths,
    project,
    surroundings,
    yaml_files,
)
from benchm.device import Device
from benchm.environments.builder import Builder, say
from benchm.environments.retrying import Patience
from benchm.environments.status import Environment, is_settled, key_of, read_status
from benchm.files import BadInput, complain
from benchm.metering import gpu

ROOT = project.ROOT
STAND_IN = project.SCRIPTS / "benchm" / "standin"
REQUIRED = ("data", "report")


def wanted_files(config, names, studies=(), also=(), gpus=0):
    """Return ``(files, required)``: environment files to build, by name; names of required ones.

    Those of the tools that run, of the data sets, and of the report. ``config``: path of the
    configuration; ``names``: tools or environments to restrict it to; ``studies``: those that are
    run, whose data sets are required and whose workloads a tool must have one of; by default all,
    and no data set is required; ``also``: tools to run besides the default ones; ``gpus``: how many
    GPUs are here: without one, what only serves GPUs is not built. Raises BadInput.
    """
    files = {name: ROOT / "envs" / f"{name}.yaml" for name in REQUIRED}
    try:
        content = yaml_files.load(config)
        kinds = {Device.parse(device).kind for device in content.get("devices", ["cpu"])}
        kinds -= set() if gpus else {"gpu"}
        chosen = {**content, "also": [*content.get("also", []), *also, *names]}
        named = configuration.ALL if configuration.ALL in studies else studies
        entries = content["studies"]
        if studies:
            entries = {
                study: entries[study]
                for study in configuration.studies_to_run({**content, "study": named})
            }
        tools = {
            tool: [
                ROOT / configuration.environment_of(content["tools"][tool], kind)
                for kind in sorted(kinds & set(content["tools"][tool].get("devices", kinds)))
            ]
            for tool in configuration.tools_to_run(chosen)
            if tool in names or not studies or _has_work(content["tools"][tool], entries.values())
        }
        made = {entry["data_set"] for entry in entries.values() if "data_set" in entry}
        of_data = {ROOT / data_sets.environment_of(data_set) for data_set in made}
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{config}: 'studies' and 'tools' with environments: {error!r}") from None
    for file in itertools.chain(sorted(of_data), *tools.values()):
        files[file.stem] = file
    required = {*REQUIRED, *(file.stem for file in of_data if studies)}
    if names:
        known = {name: [file] for name, file in files.items()} | tools
        for name in names:
            if name not in known:
                raise BadInput(f"{name!r}: no such tool; allowed: {', '.join(sorted(known))}")
        chosen = {file for name in names for file in known[name]}
        files = {name: file for name, file in files.items() if file in chosen}
    for file in files.values():
        if not file.is_file():
            raise BadInput(f"{file}: no such environment file")
    return files, required


def _has_work(tool, studies):
    """Whether a tool's entry has an adapter for one of the entries of studies."""
    known = [study["workload"] for study in studies if "workload" in study]
    return "adapters" not in tool or any(adapters.leaf_of(tool, name) for name in known)


def find_conda():
    """Return ``(source, environment variables)``: which conda will build, and how it is found."""
    variables = {**os.environ, "BENCHM_DRIVER_PYTHON": sys.executable}
    surroundings.clear(variables)
    surroundings.clear_snakemake(variables)
    # The same decision as for all that runs afterwards: a conda on PATH may be of no use.
    done = subprocess.run(
        [STAND_IN / "prefer-conda"], env=variables, capture_output=True, text=True, check=True
    )
    path = done.stdout.rstrip("\n")
    if path != variables.get("PATH"):  # else it has been said by whoever decided
        say(done.stderr.strip())
    variables["PATH"] = path
    conda = shutil.which("conda", path=path)
    stands_in = conda is None or Path(conda).resolve().is_relative_to(STAND_IN)
    return ("stand-in" if stands_in else "conda"), variables


def build_all(todo, builder):
    """Build the environments ``todo``, with a line for each as it ends."""
    # Two at a time: one unpacks while the other downloads. conda's package cache is not made
    # for that.
    workers = ThreadPoolExecutor(2 if builder.source == "stand-in" else 1)

    patience = Patience()
    say(f"environments: building {', '.join(environment.name for environment in todo)} ...")
    try:
        futures = [workers.submit(patience.build, builder, environment) for environment in todo]
        for number, future in enumerate(as_completed(futures), start=1):
            status = future.result()
            label = f"environment {number}/{len(todo)} {status['name']}:"
            if status.get("declined"):
                reason = status["declined"]["reason"]
                say(f"{label} kept as {status['source']} built it, because now: {reason}")
            elif status["ok"]:
                say(f"{label} ready ({status['seconds']:.0f} s)")
            else:
                say(f"{label} unavailable: {status['reason']}")
    except BaseException:
        builder.stop()
        raise
    finally:
        workers.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def locked(prefix):
    """Only one of these programs at a time in one prefix: the next one waits."""
    with open(prefix / ".lock", "w", encoding="ascii") as lock:
        try:
            has_locks = locks.take(lock, wait=False)
        except BlockingIOError:
            say(f"environments: another run is building in {prefix}, waiting for it")
            has_locks = locks.take(lock)
        if not has_locks:
            say(f"environments: no locks in {prefix}; let no other run build there meanwhile")
        yield


def build(files, required, prefix, retry):
    """Build what is not settled of ``files`` (name to path) below ``prefix``; return the exit code.

    ``required``: names of those without which there is no report; ``retry``: build those again,
    too, that have failed before.
    """
    source, variables = find_conda()
    every = [Environment(name, f, key_of(f, prefix, source)) for name, f in files.items()]
    every.sort(key=lambda e: e.name not in required)

    def unsettled():
        return [e for e in every if not is_settled(e, read_status(prefix, e.name), source, retry)]

    todo = unsettled()
    for environment in every:
        status = read_status(prefix, environment.name)
        if environment not in todo and not status["ok"]:
            say(
                f"environment {environment.name}: still unavailable: {status['reason']} "
                "(--retry tries again)"
            )
    if todo:
        prefix.mkdir(parents=True, exist_ok=True)
        with locked(prefix):
            todo = unsettled()  # the run that was waited for may have done it
            builder = Builder(prefix, source, variables)
            try:
                build_all(todo, builder)
            finally:
                builder.aside.settle()
                shutil.rmtree(prefix / "building", ignore_errors=True)
    settled = [read_status(prefix, e.name) for e in every if e not in todo]
    unchanged = sum(status["ok"] for status in settled)
    if unchanged:
        say(f"environments: {unchanged} kept")
    missing = [e for e in every if e.name in required and not read_status(prefix, e.name).get("ok")]
    for environment in missing:
        reason = read_status(prefix, environment.name).get("reason")
        say(f"build_environments: {environment.name} is required and cannot be had: {reason}")
    return 1 if missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="tools or environments (default: all)")
    parser.add_argument("--prefix", type=Path, default=ROOT / ".environments")
    parser.add_argument("--config", type=Path, default=ROOT / "config.yaml")
    parser.add_argument(
        "--study",
        nargs="+",
        default=[],
        metavar="NAME",
        help="what these need alone: their data sets, the tools that have their workload",
    )
    parser.add_argument(
        "--also", nargs="+", default=[], metavar="TOOL", help="tools besides the default ones"
    )
    parser.add_argument(
        "--gpus",
        type=int,
        metavar="N",
        help="how many GPUs to build for (default: those of this machine); for a cluster's nodes",
    )
    parser.add_argument("--retry", action="store_true", help="try the failed ones again")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        paths.check("the project's folder", ROOT)
        paths.check("the folder of the environments", asked.prefix.absolute())
        studies = [name for names in asked.study for name in names.split()]
        gpus = len(gpu.detect()) if asked.gpus is None else asked.gpus
        files, required = wanted_files(asked.config, asked.names, studies, asked.also, gpus)
        return build(files, required, asked.prefix.absolute(), asked.retry)
    except BadInput as problem:
        return complain("build_environments", problem)
    except KeyboardInterrupt:
        say("build_environments: interrupted; what was begun is removed")
        return 130
    except OSError as error:
        say(f"build_environments: {error.filename or asked.prefix}: {error.strerror or error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
