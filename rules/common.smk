# Loads and checks the configuration, and names everything that the rules ask for.
# The only rules file with functions in it.

import json
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.25")

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

try:
    import attempts
    import configuration
    import instances
    import modules
    import one_machine
    from metering import gpu, machine
    from modules import files_of
except ModuleNotFoundError as missing:
    raise WorkflowError(
        f"the Python that runs Snakemake ({sys.executable}) lacks the module {missing.name}: "
        "pip install -r requirements.lock"
    ) from None

try:
    configuration.check(config)
    if not workflow.non_local_exec:  # the nodes of a cluster are other machines than this
        instances.check(config["instance"], config["instances"])
except (configuration.ConfigurationError, instances.WrongInstance) as error:
    raise WorkflowError(str(error)) from None

if not workflow.non_local_exec:
    ours = Path("results", config["study"], "runs", config["instance"])
    other = one_machine.other_in(ours, machine.describe(gpu.detect())[0])
    if other:
        raise WorkflowError(f"{ours}/{other}; give this machine a name: --config instance=NAME")


# Of this machine one cell at a time; of a cluster one on each node that Snakemake is given.
resource_scopes:
    bench_slot="local",


# An edit of the meter makes all records stale, one of what compares answers all cards.
METER = files_of("scripts/meter.py")
VERIFIER = [
    *files_of("scripts/parity.py"),
    # Not imported: it runs with the tool, in the tool's environment.
    "scripts/tools/parity/probe.py",
]

# The contract helper of each language that adapters are written in.
CONTRACTS = {".py": "scripts/tools/contract.py", ".R": "scripts/tools/contract.R"}

TABLES = ["by_tool", "by_gpu", "gpu_vs_cpu"]
FIGURES = ["time_by_tool", "time_split", "error_rate", "speedup", "parity", "story"]
PAGES = ["parity", "page_2017"]

PUBLISHED = configuration.PUBLISHED

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
    # Nothing is ever run in the name of another machine; its records are only merged.
    instance=re.escape(config["instance"]),
    device=r"[^/]+",
    tool=r"[^/]+",
    repeat=r"[1-9][0-9]*",


def named(what, value, allowed):
    """Return ``allowed[value]``, or end with one line that says what is allowed."""
    if value not in allowed:
        raise WorkflowError(f"config.yaml: {configuration.unknown(what, value, allowed)}")
    return allowed[value]


def study_of(wildcards):
    return named("study", wildcards.study.removesuffix(PUBLISHED), config["studies"])


def study_name_of(wildcards):
    return wildcards.study.removesuffix(PUBLISHED)


def tool_of(wildcards):
    return named("tool", wildcards.tool, config["tools"])


# -- what there is to run ---------------------------------------------------------------------


def matrix(study):
    """Return the path of every record that this machine makes, in the order in which cells run.

    Repeats are the outer loop, so that a drift of the machine's speed meets all tools alike.
    """
    repeats = range(1, named("study", study, config["studies"])["repeats"] + 1)
    return [
        f"results/{study}/runs/{config['instance']}/{device}/{tool}/{repeat}.json"
        for repeat in repeats
        for device in config["devices"]
        for tool in configuration.tools_to_run(config, device)
    ]


def brought_in(study, what, pattern):
    """Return the files of other machines that lie in a study's folder, as an import left them."""
    return sorted(
        str(path)
        for path in Path("results", study, what).glob(f"*/{pattern}")
        if path.parts[3 if what == "runs" else 4] != config["instance"]
    )


def records_of_study(wildcards):
    """Return this machine's records and those of others; none for published rows alone."""
    if wildcards.study.endswith(PUBLISHED):
        return []
    # Any file: merging names what does not lie where it belongs.
    others = brought_in(wildcards.study, "runs", "**/[!.]*.json")
    return [*matrix(wildcards.study), *others]


def cards_to_make(study):
    """Return the path of every parity card that this machine makes: none for absent devices."""
    cards = [
        f"results/{study}/parity/cards/{config['instance']}/{device}/{tool}.json"
        for device in config["devices"]
        for tool in configuration.tools_to_run(config, device)
        if probe_path(config["tools"][tool]["adapter"]).is_file()
    ]
    # A cell says that its device is not here; a card that was made while it was is kept.
    return [card for card in cards if is_here(Path(card).parent.name) or Path(card).exists()]


def cards_of_tool(wildcards):
    """Return the cards of one tool on all devices of all machines."""
    others = brought_in(wildcards.study, "parity/cards", f"*/{wildcards.tool}.json")
    made = [path for path in cards_to_make(wildcards.study) if Path(path).stem == wildcards.tool]
    return [*made, *others]


def cards_of_study(wildcards):
    """Return the file with all cards of a tool, for each tool that has any."""
    study = wildcards.study
    if study.endswith(PUBLISHED):
        return []
    tools = [Path(path).stem for path in cards_to_make(study)]
    tools += [Path(path).stem for path in brought_in(study, "parity/cards", "*/*.json")]
    return [f"results/{study}/parity/{tool}.json" for tool in sorted(set(tools))]


def everything_of_study():
    """Return all that a finished study has; whatever of it is missing is made again."""
    study = config["study"]
    folder = f"results/{study}"
    return [
        *matrix(study),
        *cards_to_make(study),
        f"{folder}/runs.csv",
        *expand(f"{folder}/tables/{{table}}.md", table=TABLES),
        *expand(f"{folder}/figures/{{figure}}.svg", figure=FIGURES),
        *expand(f"{folder}/pages/{{page}}.html", page=PAGES),
        f"{folder}/report.md",
    ]


def order_of(wildcards):
    """Return names, order and descriptions, as JSON that does not depend on the order of keys."""
    return json.dumps(configuration.order_of(config), sort_keys=True)


# -- one cell ---------------------------------------------------------------------------------


def record_path(wildcards):
    cell = f"{wildcards.instance}/{wildcards.device}/{wildcards.tool}/{wildcards.repeat}"
    return f"results/{wildcards.study}/runs/{cell}.json"


def card_path(wildcards):
    cell = f"{wildcards.instance}/{wildcards.device}/{wildcards.tool}"
    return f"results/{wildcards.study}/parity/cards/{cell}.json"


def existing(path):
    """Return the outcome and the attempt of the record or card at ``path``, or None without one."""
    try:
        return attempts.known(path)
    except attempts.Unreadable as error:
        raise WorkflowError(str(error)) from None


def path_of_output(wildcards):
    """Return where the job's record goes, or its card: cards have no repeats."""
    return record_path(wildcards) if hasattr(wildcards, "repeat") else card_path(wildcards)


def is_measured_already(wildcards):
    found = existing(path_of_output(wildcards))
    return found is not None and found[0] == "ok"


def has_device(device):
    kind, _, number = device.partition("-")
    if kind == "gpu":
        return len(gpu.detect()) >= int(number or 1)
    return len(machine.allowed_cpus()) >= int(number or 1)


HAS_DEVICE = {device: has_device(device) for device in config["devices"]}


def is_here(device):
    """Whether a device can be had; what this machine lacks the nodes of a cluster may have."""
    return named("device", device, HAS_DEVICE) or workflow.non_local_exec


def is_device_here(wildcards):
    """Whether the cell has its device; the meter looks again and has the last word."""
    return is_here(wildcards.device)


def why_unavailable(wildcards):
    """Return why the tool's environment can't be had here, or "" when nothing is known against it.

    scripts/build_environments.py finds out before the workflow runs; without it,
    environments are built by Snakemake itself and this is always "".
    """
    environment = Path(environment_file_of(wildcards))
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
    return is_device_here(wildcards) or is_measured_already(wildcards)


def environment_of(wildcards):
    """Return the cell's environment; None builds none, for cells that can't run here."""
    if not is_runnable(wildcards):
        return None
    return str(ROOT / environment_file_of(wildcards))


def environment_file_of(wildcards):
    return configuration.environment_of(tool_of(wildcards), wildcards.device)


def adapter_of(wildcards):
    return tool_of(wildcards)["adapter"]


def modules_of_adapter(wildcards):
    """Return the other files of its folder that an adapter imports: its own, or a base's."""
    return [str(path) for path in modules.modules_of_adapter(adapter_of(wildcards))]


def modules_of_probe(wildcards):
    """Return the other files of its folder that a probe imports: a variant its base's."""
    return [str(path) for path in modules.neighbours_of(probe_of(wildcards))]


def probe_path(adapter):
    """Return the place of the program that makes an adapter compute the parity card's answers."""
    return Path(adapter).parent / "parity" / Path(adapter).name


def probe_of(wildcards):
    return str(probe_path(adapter_of(wildcards)))


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
    """Return the meter's job, or the card's, as JSON; equal jobs are equal strings."""
    study, tool = study_of(wildcards), tool_of(wildcards)
    repeat = int(getattr(wildcards, "repeat", 1))
    if repeat > study["repeats"]:
        raise WorkflowError(
            f"config.yaml: key studies.{wildcards.study}.repeats: there is no repeat {repeat}; "
            f"allowed: 1 to {study['repeats']}"
        )
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
    """Return the number of the attempt that the record should come from."""
    return attempts.wanted(existing(path_of_output(wildcards)), is_device_here(wildcards))


def position_of(wildcards):
    """Return the cell's place in its study, e.g. "3/16"; for the progress line."""
    cells = matrix(wildcards.study)
    return f"{cells.index(record_path(wildcards)) + 1}/{len(cells)}"


def priority_of(wildcards):
    """Return a higher number for a cell that comes earlier in its study."""
    cells = matrix(wildcards.study)
    return len(cells) - cells.index(record_path(wildcards))


def description_of_instance(wildcards):
    """Return what the configuration says of this machine's hardware, as JSON."""
    return json.dumps(configuration.description_of(config, wildcards.instance), sort_keys=True)


def time_limit_of(wildcards):
    return study_of(wildcards)["time_limit"]


def all_cores(wildcards):
    """Keep every other job off the machine while something is measured.

    On a cluster that takes all CPUs of a node, as many as its instance is described with.
    """
    if workflow.non_local_exec:
        return configuration.description_of(config, wildcards.instance).get("cpus", 1)
    return workflow.cores or 1


def gpus_of(wildcards):
    """Return how many GPUs to ask a cluster for."""
    kind, _, number = wildcards.device.partition("-")
    return int(number or 1) if kind == "gpu" else 0


def mnist_source(wildcards):
    """Return the directory that MNIST is taken from; "" stands for the public mirrors."""
    directory = config.get("mnist_directory")
    return str(Path(directory).expanduser()) if directory else ""
