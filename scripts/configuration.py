"""The configuration, checked: config.yaml against its schema and against itself.

    python scripts/configuration.py [config.yaml]

Every message is one line that names the file, the key and what is allowed. Exit code 2.
"""

import argparse
import difflib
import json
import re
import sys
from pathlib import Path

import jsonschema

PROJECT = Path(__file__).resolve().parents[1]
SCHEMA = PROJECT / "schemas" / "config.schema.json"
FILE = "config.yaml"

#: Follows a study's name where only its published rows are wanted: results/seed-published/.
PUBLISHED = "-published"

#: What a pattern of the schema means, in words.
_PATTERNS = {
    "^(cpu|gpu)(-[1-9][0-9]*)?$": "cpu, gpu, cpu-N or gpu-N, e.g. cpu-4",
    "^[a-z][a-z0-9_]*$": "small letters, digits and _, beginning with a letter",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, '.', '_' and '-', no other first than a "
    "letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, '_' and '-'",
}


class ConfigurationError(Exception):
    """What is wrong, in one line."""


def check(config):
    """Raise ConfigurationError for the first thing in ``config`` (a dict) that can't be used."""
    validator = _Validator(json.loads(SCHEMA.read_text()))
    errors = sorted(validator.iter_errors(config), key=lambda e: [str(p) for p in e.absolute_path])
    if errors:
        raise ConfigurationError(_explain(errors[0]))
    _check_names(config)
    for tool, entry in config["tools"].items():
        files = {
            "adapter": entry["adapter"],
            "environment": environment_of(entry, "cpu"),
            "environment.gpu": environment_of(entry, "gpu"),
        }
        for key, file in files.items():
            if not (PROJECT / file).is_file():
                raise _error(f"tools.{tool}.{key}", f"there is no file {file}")
    _check_data(config)


def environment_of(entry, device):
    """Return the environment file of a tool's ``entry`` for a device ("cpu", "gpu-4", ...).

    An entry names one file for all devices, or one for CPUs and one for GPUs.
    """
    environment = entry["environment"]
    if isinstance(environment, str):
        return environment
    return environment[device.partition("-")[0]]


def tools_to_run(config, device=None):
    """Return the ids of the tools that are run: the default ones, and those that ``also`` names.

    ``device``: "cpu", "gpu-4", ...: only those that can use it.
    """
    also = config.get("also", [])
    return [
        tool
        for tool, entry in config["tools"].items()
        if (entry.get("default", True) or tool in also)
        and (device is None or device.partition("-")[0] in entry.get("devices", ["cpu", "gpu"]))
    ]


def order_of(config):
    """Return what the programs that report are told of tools and instances, a dict.

    scripts/reporting/order.py says what each key means.
    """
    tools = [
        {"id": tool, "name": entry["name"]}
        | {key: entry[key] for key in ("variant_of", "deviation") if key in entry}
        for tool, entry in config["tools"].items()
    ]
    # The order of tools in the file is only the order of running; tables sort for themselves.
    tools.sort(key=lambda tool: tool["id"])
    order = {"tools": tools, "baseline": config["baseline"]}
    order["instances"] = {name: about or {} for name, about in config["instances"].items()}
    if "reference" in config:
        order["reference"] = config["reference"]
    return order


def description_of(config, instance):
    """Return what is said of the hardware of an instance, a dict; empty when nothing is."""
    return config["instances"].get(instance) or {}


def _check_names(config):
    if config["study"] not in config["studies"]:
        raise _unknown("study", config["study"], config["studies"], "study")
    for study in config["studies"]:
        if study.endswith(PUBLISHED):
            raise _error(
                f"studies.{study}",
                f"no name here; allowed: any that does not end on {PUBLISHED}, which stands for "
                "what others published of a study",
            )
    if config["baseline"] not in config["tools"]:
        raise _unknown("baseline", config["baseline"], config["tools"], "tool")
    for number, tool in enumerate(config.get("also", [])):
        if tool not in config["tools"]:
            raise _unknown(f"also.{number}", tool, config["tools"], "tool")
    for tool, entry in config["tools"].items():
        base = entry.get("variant_of", tool)
        if base not in config["tools"]:
            raise _unknown(f"tools.{tool}.variant_of", base, config["tools"], "tool")


def _check_data(config):
    directory = config.get("mnist_directory")
    uses_mnist = config["studies"][config["study"]]["data_set"] == "mnist"
    if uses_mnist and directory is not None and not Path(directory).expanduser().is_dir():
        raise _error(
            "mnist_directory",
            f"there is no directory {directory}; allowed: one that holds the four IDX files, "
            "or null to download them",
        )


def unknown(what, value, allowed):
    """Return the one line for a name (``what``: "tool", ...) that the configuration lacks."""
    names = ", ".join(map(str, allowed))
    close = difflib.get_close_matches(str(value), list(map(str, allowed)), n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"unknown {what} '{value}'{hint}; allowed: {names}"


def _unknown(key, value, allowed, what):
    return _error(key, unknown(what, value, allowed))


def _error(key, text):
    return ConfigurationError(f"{FILE}: key {key}: {text}")


def _match(validator, pattern, value, _schema):
    """Check ``pattern``; in Python its `$` alone would let a line break at the end pass."""
    if validator.is_type(value, "string") and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _match})


def _explain(error):
    key = ".".join(map(str, error.absolute_path)) or "(top level)"
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        name = next(k for k in error.instance if k not in known)
        key = ".".join([*map(str, error.absolute_path), name])
        return f"{FILE}: key {key}: {unknown('key', name, known)}"
    if error.validator == "required":
        missing = next(k for k in error.validator_value if k not in error.instance)
        return f"{FILE}: key {key}: '{missing}' is missing"
    if error.validator == "enum":
        return f"{FILE}: key {key}: {unknown('value', error.instance, error.validator_value)}"
    if error.validator == "pattern":
        allowed = _PATTERNS.get(error.validator_value, error.validator_value)
        return f"{FILE}: key {key}: {error.instance!r} is no name here; allowed: {allowed}"
    message = " ".join(error.message.split())
    return f"{FILE}: key {key}: {message}{_range(error.schema)}"


def _range(schema):
    if not isinstance(schema, dict):
        return ""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    limits = [f"{word} {schema[key]}" for key, word in words.items() if key in schema]
    kind = schema.get("type", "value")
    return f"; allowed: {kind} {' and '.join(limits)}" if limits else ""


def main(argv=None):
    import yaml

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", nargs="?", type=Path, default=PROJECT / FILE)
    arguments = parser.parse_args(argv)
    try:
        check(yaml.safe_load(arguments.config.read_text()))
    except (ConfigurationError, yaml.YAMLError, OSError) as error:
        print(f"{arguments.config}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
