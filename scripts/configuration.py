"""The configuration, checked: config.yaml against its schema and against itself.

    python scripts/configuration.py [config.yaml]

Every message is one line that names the file, the key and what is allowed. Exit code 2.
"""

import argparse
import difflib
import json
import sys
from pathlib import Path

import jsonschema

PROJECT = Path(__file__).resolve().parents[1]
SCHEMA = PROJECT / "schemas" / "config.schema.json"
FILE = "config.yaml"

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
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    errors = sorted(validator.iter_errors(config), key=lambda e: [str(p) for p in e.absolute_path])
    if errors:
        raise ConfigurationError(_explain(errors[0]))
    _check_names(config)
    for tool, entry in config["tools"].items():
        for key in ("adapter", "environment"):
            if not (PROJECT / entry[key]).is_file():
                raise _error(f"tools.{tool}.{key}", f"there is no file {entry[key]}")
    _check_data(config)


def _check_names(config):
    if config["study"] not in config["studies"]:
        raise _unknown("study", config["study"], config["studies"], "study")
    if config["baseline"] not in config["tools"]:
        raise _unknown("baseline", config["baseline"], config["tools"], "tool")


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
        return f"{FILE}: key {key}: '{error.instance}' is no name here; allowed: {allowed}"
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
