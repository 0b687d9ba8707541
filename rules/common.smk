# Loads and checks the configuration, and names everything that the rules ask for.
# The only rules file with functions in it.

import json
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.25")

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

try:
    import configuration
    from metering import gpu, machine
except ModuleNotFoundError as missing:
    raise WorkflowError(
        f"the Python that runs Snakemake ({sys.executable}) lacks the module {missing.name}: "
        "pip install -r requirements.lock"
    ) from None

try:
    configuration.check(config)
except configuration.ConfigurationError as error:
    raise WorkflowError(str(error)) from None

# All that the meter imports: an edit of any of it makes the records stale.
METER = sorted(
    str(path.relative_to(ROOT))
    for path in [
        ROOT / "scripts/meter.py",
        ROOT / "scripts/idx.py",
        *ROOT.glob("scripts/metering/*.py"),
    ]
)

# The contract helper of each language that adapters are written in.
CONTRACTS = {".py": "scripts/tools/contract.py", ".R": "scripts/tools/contract.R"}

TABLES = ["by_tool", "by_gpu", "gpu_vs_cpu"]
FIGURES = ["time_by_tool", "time_split", "error_rate", "speedup"]

PROTOCOL_KEYS = (
    "data_set",
    "n_train",
    "n_test",
    "epochs",
    "batch_size",
    "learning_rate",
    "momentum",
    "decay",
    "dropout",
)


wildcard_constraints:
    study=r"[^/]+",
    instance=r"[^/]+",
    device=r"[^/]+",
    tool=r"[^/]+",
    repeat=r"[1-9][0-9]*",


def named(what, value, allowed):
    """Return ``allowed[value]``, or end with one line that says what is allowed."""
    if value not in allowed:
        raise WorkflowError(f"config.yaml: {configuration.unknown(what, value, allowed)}")
    return allowed[value]


def study_of(wildcards):
    return named("study", wildcards.study, config["studies"])


def tool_of(wildcards):
    return named("tool", wildcards.tool, config["tools"])


# -- what there is to run ---------------------------------------------------------------------


def matrix(study):
    """Return the path of every record of a study, in the order in which cells run.

    Repeats are the outer loop, so that a drift of the machine's speed meets all tools alike.
    """
    repeats = range(1, named("study", study, config["studies"])["repeats"] + 1)
    return [
        f"results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json"
        for repeat in repeats
        for instance in config["instances"]
        for device in config["devices"]
        for tool in config["tools"]
    ]


def records_of_study(wildcards):
    return matrix(wildcards.study)


def everything_of_study():
    """Return all that a finished study has; whatever of it is missing is made again."""
    folder = f"results/{config['study']}"
    return [
        *matrix(config["study"]),
        f"{folder}/runs.csv",
        *expand(f"{folder}/tables/{{table}}.md", table=TABLES),
        *expand(f"{folder}/figures/{{figure}}.svg", figure=FIGURES),
        f"{folder}/report.md",
    ]


def merge_params(wildcards):
    """Return what merging needs of the configuration, as JSON that does not depend on key order."""
    tools = [{"id": tool, "name": entry["name"]} for tool, entry in config["tools"].items()]
    # The order of tools in the file is only the order of running; tables sort for themselves.
    tools.sort(key=lambda tool: tool["id"])
    return json.dumps({"tools": tools, "baseline": config["baseline"]}, sort_keys=True)


# -- one cell ---------------------------------------------------------------------------------


def record_path(wildcards):
    cell = f"{wildcards.instance}/{wildcards.device}/{wildcards.tool}/{wildcards.repeat}"
    return f"results/{wildcards.study}/runs/{cell}.json"


def existing_record(wildcards):
    """Return what stands at the record's place already, a dict, or None when nothing does."""
    path = Path(record_path(wildcards))
    try:
        record = json.loads(path.read_text())
        record["status"]["outcome"], record["provenance"]["attempt"] + 0
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkflowError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise WorkflowError(
            f"{path}: broken, or not a record of this version; "
            "delete it to have the cell measured again"
        ) from None
    return record


def outcome_so_far(wildcards):
    record = existing_record(wildcards)
    return record["status"]["outcome"] if record else None


def has_device(device):
    kind, _, number = device.partition("-")
    if kind == "gpu":
        return len(gpu.detect()) >= int(number or 1)
    return len(machine.allowed_cpus()) >= int(number or 1)


HAS_DEVICE = {device: has_device(device) for device in config["devices"]}


def is_device_here(wildcards):
    """Whether the cell has its device; the meter looks again and has the last word.

    What this machine lacks the nodes of a cluster may have.
    """
    here = named("device", wildcards.device, HAS_DEVICE)
    return here or workflow.non_local_exec


def why_unavailable(wildcards):
    """Return why the tool's environment can't be had here, or "" when nothing is known against it.

    scripts/build_environments.py finds out before the workflow runs; without it,
    environments are built by Snakemake itself and this is always "".
    """
    environment = Path(tool_of(wildcards)["environment"])
    status = Path(".environments/status") / f"{environment.stem}.json"
    try:
        found = json.loads(status.read_text())
        return "" if found["ok"] else found["reason"]
    except (OSError, ValueError, KeyError):
        return ""


def is_runnable(wildcards):
    """Whether the cell needs its environment: the device is here, or a measured record is kept."""
    if why_unavailable(wildcards):
        return False
    return is_device_here(wildcards) or outcome_so_far(wildcards) == "ok"


def environment_of(wildcards):
    """Return the cell's environment; None builds none, for cells that can't run here."""
    if not is_runnable(wildcards):
        return None
    return str(ROOT / tool_of(wildcards)["environment"])


def environment_file_of(wildcards):
    return tool_of(wildcards)["environment"]


def adapter_of(wildcards):
    return tool_of(wildcards)["adapter"]


def contract_of(wildcards):
    return CONTRACTS[Path(adapter_of(wildcards)).suffix]


def driver(wildcards):
    """Return the interpreter that runs Snakemake; the meter runs in it, never in a tool's own."""
    return sys.executable


def interpreter_of(wildcards):
    return "Rscript" if adapter_of(wildcards).endswith(".R") else "python"


def data_of(wildcards):
    return f"results/data/{study_of(wildcards)['data_set']}/SHA256SUMS"


def job_of(wildcards):
    """Return the meter's job as JSON; equal jobs are equal strings."""
    study, tool = study_of(wildcards), tool_of(wildcards)
    repeat = int(wildcards.repeat)
    if repeat > study["repeats"]:
        raise WorkflowError(
            f"config.yaml: key studies.{wildcards.study}.repeats: there is no repeat {repeat}; "
            f"allowed: 1 to {study['repeats']}"
        )
    named("instance", wildcards.instance, {name: name for name in config["instances"]})
    job = {
        "cell": {
            "tool": wildcards.tool,
            "tool_name": tool["name"],
            "device": wildcards.device,
            "instance": wildcards.instance,
            "repeat": repeat,
        },
        "study": {
            "name": wildcards.study,
            # Every repeat has a seed of its own; the same for all tools.
            "seed": study["seed"] + repeat,
            **{key: study[key] for key in PROTOCOL_KEYS},
        },
        "options": tool.get("options", {}),
    }
    return json.dumps(job, sort_keys=True)


def attempt_of(wildcards):
    """Return the number of the attempt that the record should come from.

    It is the record's own as long as that may stay, so nothing is stale; one more when the
    cell has to be tried again.
    """
    record = existing_record(wildcards)
    if record is None:
        return 1
    attempt, outcome = record["provenance"]["attempt"], record["status"]["outcome"]
    again = outcome in ("failed", "timeout", "out_of_memory") or (
        outcome == "no_device" and is_device_here(wildcards)
    )
    return attempt + 1 if again else attempt


def position_of(wildcards):
    """Return the cell's place in its study, e.g. "3/16"; for the progress line."""
    cells = matrix(wildcards.study)
    return f"{cells.index(record_path(wildcards)) + 1}/{len(cells)}"


def priority_of(wildcards):
    """Return a higher number for a cell that comes earlier in its study."""
    cells = matrix(wildcards.study)
    return len(cells) - cells.index(record_path(wildcards))


def time_limit_of(wildcards):
    return study_of(wildcards)["time_limit"]


def all_cores(wildcards):
    """Keep every other local job off the machine while something is measured."""
    return workflow.cores or 1


def mnist_source(wildcards):
    """Return the directory that MNIST is taken from; "" stands for the public mirrors."""
    directory = config.get("mnist_directory")
    return str(Path(directory).expanduser()) if directory else ""
