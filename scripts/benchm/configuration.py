"""The configuration, read and checked: config.yaml against its schema and against itself.

Every mistake is a BadInput of one line that names the file, the key and what is allowed.
"""

import os
from pathlib import Path

from . import adapters, checking, kinds, project, series, twin, workloads, yaml_files
from .checking import unknown, wrong
from .device import Device
from .files import BadInput, one_line

FILE = "config.yaml"

#: Follows a study's name where only its published rows are wanted: results/seed-published/.
PUBLISHED = "-published"
#: In place of a study's name: every study that is not marked ``full_size``.
ALL = "all"

#: Folders of results/ that are no study's.
RESERVED = ("data", "machines", "published", "series")

#: The adapters that train with PyTorch, in whose environment the GPU is measured.
TORCH = "scripts/tools/pytorch"

#: A record holds as many times, by its schema.
MOST_EPOCHS = 100_000

#: Keys of a study that are no protocol's.
STUDY_KEYS = (
    *("workload", "data_set", "n_train", "n_test", "epochs"),
    *("seed", "rounds", "time_limit", "full_size", "version", "series"),
)

_ROUNDS = "how many times every cell is run at least and at most, e.g. {least: 3, most: 6}"

#: Keys that had another name in an earlier version, and what is said of them.
_RENAMED = {
    ("tools", "adapter"): "adapters: the folder of the tool's adapters, e.g. "
    "scripts/tools/pytorch; which file of it is run follows from the study's workload",
    ("studies", "repeats"): f"rounds: {_ROUNDS}",
}


def read(path=None, overrides=None):
    """Return the checked configuration in ``path``, a dict; ``overrides`` replace keys of it.

    The baseline's twin is among its tools.
    """
    path = Path(path or project.ROOT / FILE)
    config = yaml_files.load(path, FILE)
    if not isinstance(config, dict):
        raise BadInput(f"{FILE}: not a mapping of keys to values")
    config |= overrides or {}
    check(config)
    return twin.add(config)


def check(config):
    """Raise BadInput for the first thing in ``config`` (a dict) that can't be used."""
    checking.check_plain(config, FILE)
    for (group, old), new in _RENAMED.items():
        for name, entry in _entries(config, group):
            if old in entry:
                raise wrong(FILE, f"{group}.{name}.{old}", f"is now {new}")
    for name, entry in _entries(config, "studies"):
        if "rounds" in entry and not isinstance(entry["rounds"], dict):
            text = f"{one_line(entry['rounds'], 60)} is no mapping; allowed: {_ROUNDS}"
            raise wrong(FILE, f"studies.{name}.rounds", text)
    checking.check(config, "config.schema.json", FILE)
    checking.check_text(config, FILE)
    _check_names(config)
    for study in config["studies"]:
        _check_study(study, config["studies"][study])
    for study in studies_to_run(config):
        if config["studies"][study]["epochs"] > MOST_EPOCHS:
            text = f"a record holds the times of at most {MOST_EPOCHS} epochs"
            raise wrong(FILE, f"studies.{study}.epochs", text)
    for tool in config["tools"]:
        _check_tool(config, tool)
    twin.check_names(config, FILE)
    series.check(config, FILE)
    _check_data(config)


def studies_to_run(config):
    """Return the names of the studies that ``study`` asks for, a list in the file's order or its.

    BadInput for a name that is none.
    """
    wanted = config["study"]
    if wanted == ALL:
        found = [name for name, study in config["studies"].items() if not study.get("full_size")]
        if not found:
            names = ", ".join(config["studies"])
            raise wrong(FILE, "study", f"every study is full size; name them: {names}")
        return found
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in wanted:
        if name not in config["studies"]:
            allowed = [*config["studies"], ALL]
            raise wrong(FILE, "study", unknown("study", name, allowed))
    return wanted


def studies_together(config):
    """Return the same in the file's order: by which order they are asked for changes no page."""
    wanted = studies_to_run(config)
    return [name for name in config["studies"] if name in wanted]


def data_sets_of(config):
    """Return the names of the data sets that the studies to run use, sorted."""
    return sorted({config["studies"][study]["data_set"] for study in studies_to_run(config)})


def study_of_folder(name):
    """Return ``(study, only_published)`` of a folder of results/.

    ``only_published``: whether it is for the rows alone that others published of the study.
    """
    return name.removesuffix(PUBLISHED), name.endswith(PUBLISHED)


def protocol_of(config, study):
    """Return the whole protocol of a study, its workload's defaults included, a dict."""
    entry = config["studies"][study]
    return workloads.load(entry["workload"]).settings(entry)


def environment_of(entry, device):
    """Return the environment file of a tool's ``entry`` for a device ("cpu", "gpu-4", ...).

    An entry names one file for all devices, or one for CPUs and one for GPUs.
    """
    environment = entry["environment"]
    return environment if isinstance(environment, str) else environment[Device.parse(device).kind]


def tools_to_run(config, device=None):
    """Return the ids of the tools that are run: the default ones, and those that ``also`` names.

    ``device``: "cpu", "gpu-4", ...: only those that can use it. Not every tool has every workload.
    """
    also = config.get("also", [])
    return [
        tool
        for tool, entry in config["tools"].items()
        if (entry.get("default", True) or (twin.base_of(tool) or tool) in also)
        and (device is None or Device.parse(device).kind in entry.get("devices", ["cpu", "gpu"]))
    ]


def tool_with_torch(config):
    """Return the id of the tool in whose environment a GPU is measured, or None."""
    tools, entries = tools_to_run(config, "gpu"), config["tools"]
    return next((tool for tool in tools if entries[tool]["adapters"].rstrip("/") == TORCH), None)


def mnist_source(config):
    """Return the directory that MNIST is taken from; "" stands for the public mirrors."""
    return _directory(config, "mnist_directory")


def reviews_source(config):
    """Return the directory that reviews of films are taken from; "" where there is none."""
    return _directory(config, "reviews_directory")


def _directory(config, key):
    # A user that there is not stays as written.
    return str(Path(os.path.expanduser(config[key]))) if config.get(key) else ""


def description_of(config, instance):
    """Return what is said of the hardware of an instance, a dict; empty when nothing is."""
    return config["instances"].get(instance) or {}


def _entries(config, key):
    """The entries below a key of an unchecked configuration, those that are mappings."""
    below = config.get(key)
    below = below if isinstance(below, dict) else {}
    return [(name, entry) for name, entry in below.items() if isinstance(entry, dict)]


def _check_names(config):
    studies_to_run(config)
    for study in config["studies"]:
        if study.endswith(PUBLISHED) or study == ALL:
            stands = "what others published of a study" if study != ALL else "all studies"
            text = f"no name here; allowed: any that does not end on {PUBLISHED} and is not {ALL}"
            raise wrong(FILE, f"studies.{study}", f"{text}, which stands for {stands}")
        if study in RESERVED:
            text = f"no name here; results/{study}/ is no study's; allowed: any other than "
            raise wrong(FILE, f"studies.{study}", text + ", ".join(RESERVED))
    tools = config["tools"]
    kinds.check_baselines(config, FILE)
    for number, tool in enumerate(config.get("also", [])):
        if tool not in tools:
            raise wrong(FILE, f"also.{number}", unknown("tool", tool, tools))
    for tool, entry in tools.items():
        base = entry.get("variant_of", tool)
        if base not in tools:
            raise wrong(FILE, f"tools.{tool}.variant_of", unknown("tool", base, tools))


def _check_study(study, entry):
    key = f"studies.{study}"
    if entry["workload"] not in workloads.names():
        text = unknown("workload", entry["workload"], workloads.names())
        raise wrong(FILE, f"{key}.workload", text)
    asked = entry["rounds"]
    if asked["least"] > asked.get("most", asked["least"]):
        text = f"{asked['most']} is fewer than the least, {asked['least']}"
        raise wrong(FILE, f"{key}.rounds.most", f"{text}; allowed: {asked['least']} or more")
    workload = workloads.load(entry["workload"])
    if entry["data_set"] not in workload.data_sets:
        text = unknown("data set", entry["data_set"], workload.data_sets)
        raise wrong(FILE, f"{key}.data_set", f"{text}, the data sets of workload {workload.name}")
    given = {name: value for name, value in entry.items() if name not in STUDY_KEYS}
    for name, value in given.items():
        if name not in workload.protocol:
            text = unknown("key", name, [*workload.protocol, *STUDY_KEYS])
            protocol = f"protocol of workload {workload.name}: {', '.join(workload.protocol)}"
            raise wrong(FILE, f"{key}.{name}", f"{text} ({protocol})")
        kinds = {bool: "boolean", str: "string"}
        wanted, found = (kinds.get(type(one), "number") for one in (workload.protocol[name], value))
        if wanted != found:
            raise wrong(FILE, f"{key}.{name}", f"{value!r} is no {wanted}; allowed: a {wanted}")
    checking.check(given, "protocol.schema.json", FILE, *key.split("."))


def _check_tool(config, tool):
    entry = config["tools"][tool]
    files = {kind: environment_of(entry, kind) for kind in ("cpu", "gpu")}
    for kind, file in files.items():
        if not (project.ROOT / file).is_file():
            key = "environment" if kind == "cpu" else "environment.gpu"
            raise wrong(FILE, f"tools.{tool}.{key}", f"there is no file {file}")
    key = f"tools.{tool}.adapters"
    try:
        adapters.check(entry["adapters"], files.values())
        wanted = sorted({study["workload"] for study in config["studies"].values()})
        offered = [name for name in wanted if adapters.leaf_of(entry, name)]
    except BadInput as error:
        raise wrong(FILE, key, str(error)) from None
    if not offered:
        places = [f"{entry['adapters']}/{adapters.stem_of(entry, name)}.*" for name in wanted]
        raise wrong(
            FILE, key, f"no adapter for a workload of any study; allowed: {' or '.join(places)}"
        )


def _check_data(config):
    directory = config.get("mnist_directory")
    data_sets = {config["studies"][study]["data_set"] for study in studies_to_run(config)}
    if "mnist" in data_sets and directory and not os.path.isdir(mnist_source(config)):
        raise wrong(
            FILE,
            "mnist_directory",
            f"there is no directory {directory}; allowed: one that holds the four IDX files, "
            "or null to download them",
        )
    directory = config.get("reviews_directory")
    if "reviews" in data_sets and not os.path.isdir(reviews_source(config)):
        what = f"there is no directory {directory}" if directory else "no directory is given"
        raise wrong(
            FILE,
            "reviews_directory",
            f"{what}; allowed: one that holds the folders train/neg, train/pos, test/neg and "
            "test/pos of the Large Movie Review Dataset, which is not ours "
            "to download (make report REVIEWS=directory)",
        )
