"""Programs that play what the stand-in for conda looks for on a machine, and Snakemake."""

import json

from benchm import project

STAND_IN = project.SCRIPTS / "benchm" / "standin"


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def fake_python(path, version, headers=True, shared=True, cpython=True):
    """An executable that answers the probe as a Python of that version would."""
    facts = {"path": str(path), "version": version, "cpython": cpython}
    facts.update(headers=headers, shared=shared)
    return executable(path, f"#!/bin/sh\necho '{json.dumps(facts)}'\n")


def fake_r(path, *answers, code=0):
    """An Rscript that prints ``answers`` whatever it is asked."""
    lines = "".join(f"echo '{answer}'\n" for answer in answers)
    return executable(path, f"#!/bin/sh\n{lines}exit {code}\n")


SNAKEMAKE = """#!{python}
# Plays Snakemake: makes the environment where the real one would, or fails as FAIL says.
import json, os, pathlib, sys, time
with open(os.environ["CALLS"], "a") as calls:
    calls.write(sys.argv[-1] + "\\n")
pathlib.Path(os.environ["CALLS"] + ".env").write_text(json.dumps(dict(os.environ)))
option = lambda name: sys.argv[sys.argv.index(name) + 1]
(name, file), = json.loads(option("--config").partition("=")[2]).items()
prefix = pathlib.Path(option("--conda-prefix"), "hash_" + name)
text = pathlib.Path(file).read_text()
prefix.with_suffix(".yaml").write_text(text)
(prefix / "bin").mkdir(parents=True)
failure = os.environ.get("FAIL_" + name)
with open(os.environ["CALLS"]) as calls:
    times = sum(pathlib.Path(call).stem == name for call in calls.read().split())
if times > int(os.environ.get("FAIL_" + name + "_TIMES", times)):
    failure = None  # it failed as often as it should
if failure == "hang":
    time.sleep(60)
if failure:
    print("CreateCondaEnvironmentException:\\nCommand:\\nconda env create\\nOutput:\\n" + failure)
    print("\\n")
    sys.exit(1)
(prefix / "bin" / "python").write_text("")
for package in json.loads(os.environ.get("PACKAGES", "[]")):
    (prefix / "lib/python3.11/site-packages" / (package + ".dist-info")).mkdir(parents=True)
prefix.with_suffix(".env_setup_done").write_text("")
pathlib.Path(option("--directory"), name + ".json").write_text(
    json.dumps(dict(prefix=str(prefix), python="3.11.7")))
"""
