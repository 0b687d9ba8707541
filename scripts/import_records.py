#!/usr/bin/env python3
"""Bring in records and parity cards that were made on other machines.

    import_records.py --from DIRECTORY [--as INSTANCE]

The directory is any that holds them, a whole `results` directory or checkout too; what a
workflow has replaced, archived or collected there is left alone. Every other *.json is
checked: the schema, the study's protocol and data against those here, the hardware against the
description of its instance and against the other records of that name, and that no two
records tell of the same run. When anything is wrong, all of it is named, nothing is brought in,
and the exit code is 2. What is here already is passed over, under whatever name it is here.
`--as` gives another instance's name: every machine calls itself `local` until told otherwise.
"""

import argparse
import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path

import yaml

import configuration
import incoming
import instances
import one_machine
from reporting.files import BadInput, complain, one_line, write_text

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog="Exit code 2: bad input, named on stderr."
    )
    parser.add_argument("--from", dest="source", required=True, metavar="DIR")
    parser.add_argument("--as", dest="instance", metavar="NAME", help="that machine's name here")
    parser.add_argument("--results", type=Path, default=PROJECT / "results", metavar="DIR")
    parser.add_argument("--config", type=Path, default=PROJECT / "config.yaml", metavar="YAML")
    options = parser.parse_args(arguments)
    try:
        config = read_configuration(options.config, options.instance)
        found = incoming.read_all(options.source)
        if options.instance is not None:
            incoming.rename(found, options.instance, options.source)
        new, elsewhere = check(found, config, options.results)
        for target, content in new.items():
            write_text(target, content)
    except BadInput as error:
        return complain("import_records", error)
    print(f"{len(new)} brought in, {len(found) - len(new)} were here already")
    for target in new:
        print(f"  {os.path.relpath(target)}")
    for path, kept in elsewhere:
        print(f"  {path} is here as {os.path.relpath(kept)}")
    return 0


def read_configuration(path, instance):
    """Return config.yaml; BadInput when it, or the name of the instance, can't be used."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadInput(f"{path}: {one_line(str(error))}") from None
    try:
        configuration.check(config)
        if instance is not None:
            configuration.check(config | {"instance": instance})
    except configuration.ConfigurationError as error:
        raise BadInput(str(error)) from None
    return config


def check(found, config, results):
    """Return what is to be written, and what is here already under another instance's name.

    The first is a mapping of path to text, the second a list of ``(path, path here)``. BadInput
    names all that is wrong.
    """
    defects, sources, new, elsewhere = [], {}, {}, []
    here = read_here(results)
    known = {fingerprint(content): (path, content) for path, content in here}
    machines = {
        content["cell"]["instance"]: (content["machine"], path)
        for path, content in here
        if "cell" in content
    }
    for path, content in found:
        cell = incoming.cell_of(content)
        try:
            text = to_text(path, content)
            if fingerprint(content) in known:
                kept, its = known[fingerprint(content)]
                if incoming.cell_of(its)["instance"] != cell["instance"]:
                    elsewhere.append((path, kept))
                continue
            study = refuse_foreign(path, content, cell, config, results)
            if "cell" in content:
                refuse_other_machine(path, content, machines)
        except BadInput as error:
            defects.append(str(error))
            continue
        target = place(results, study, content, cell)
        if target in sources:
            defects.append(f"{path}: the run {name(cell)} is also in {sources[target]}")
        elif target.exists():
            defects.append(
                f"{path}: the run {name(cell)} is here already and differs: {target}; "
                "that one is kept until you move it away"
            )
        else:
            new[target] = text
        sources[target] = path
    if defects:
        raise BadInput("\n".join(defects))
    return new, elsewhere


def to_text(path, content):
    """Return what is written of a record or card; BadInput when JSON has no words for it."""
    try:
        return json.dumps(content, indent=1, allow_nan=False) + "\n"
    except ValueError:
        raise BadInput(f"{path}: broken, not valid JSON: NaN or infinity in it") from None
    except RecursionError:
        raise BadInput(f"{path}: broken, its values are nested too deeply") from None


def read_here(results):
    """Return ``(path, content)`` of every record and card in the results directory.

    What can't be used is passed over: merging will name it.
    """
    paths = sorted(results.glob("*/runs/*/*/*/*.json"))
    paths += sorted(results.glob("*/parity/cards/*/*/*.json"))
    found = []
    for path in paths:
        with contextlib.suppress(BadInput):
            found.append((path, incoming.read(path)))
    return [(path, content) for path, content in found if content is not None]


def fingerprint(content):
    """Return what tells a run, or a card, from any other, whatever its instance is called."""
    bare = json.loads(json.dumps(content))
    del incoming.cell_of(bare)["instance"]
    return json.dumps(bare, sort_keys=True)


def refuse_other_machine(path, content, machines):
    """Refuse a record whose instance is another machine in the records that are known: BadInput.

    ``machines``: instance to (group ``machine``, path) of one record; a new instance is added.
    """
    instance, ours = content["cell"]["instance"], content["machine"]
    theirs, other = machines.setdefault(instance, (ours, path))
    if one_machine.differ(ours, theirs):
        raise BadInput(
            f"{path}: instance {instance} is {one_machine.in_words(ours)} here and "
            f"{one_machine.in_words(theirs)} in {other}; give each machine a name with --as NAME"
        )


def refuse_foreign(path, content, cell, config, results):
    """Return the study's name; BadInput when study, data, instance or hardware is not ours."""
    if cell["instance"] == config["instance"]:
        raise BadInput(
            f"{path}: recorded as instance {cell['instance']}, which is this machine's own; "
            "give it a name with --as NAME (make import AS=NAME)"
        )
    study = content["study"]["name"] if "cell" in content else content["study"]
    if study not in config["studies"]:
        raise BadInput(f"{path}: {configuration.unknown('study', study, config['studies'])}")
    if "cell" not in content:
        return study
    ours = config["studies"][study]
    ours = ours | {"name": study, "seed": ours["seed"] + cell["repeat"]}
    differing = [
        f"{key} {value} (config.yaml: {ours[key]})"
        for key, value in content["study"].items()
        if ours[key] != value
    ]
    if differing:
        raise BadInput(f"{path}: another protocol of study {study}: {', '.join(differing)}")
    refuse_other_data(path, content, results / "data" / ours["data_set"] / "SHA256SUMS")
    machine = content["machine"]
    about = configuration.description_of(config, cell["instance"])
    if 0 < len(machine["gpus"]) < about.get("gpus", 0):
        # CUDA_VISIBLE_DEVICES may have shown that run only some of the machine's GPUs.
        about = about | {"gpus": len(machine["gpus"])}
    wrong = instances.mismatch(about, machine["gpus"], machine["cores_logical"])
    if wrong:
        told = wrong.replace("this machine has", "the record's machine had")
        raise BadInput(f"{path}: instance {cell['instance']}: {told}")
    return study


def refuse_other_data(path, content, sums):
    """Refuse a run on images that are not those of ``sums``, where these were made: BadInput."""
    theirs = content["provenance"]["data_sha256"]
    if content["status"]["outcome"] != "ok" or theirs is None or not sums.exists():
        return
    ours = hashlib.sha256(sums.read_bytes()).hexdigest()
    if theirs != ours:
        raise BadInput(
            f"{path}: another data set {content['study']['data_set']}: data_sha256 {theirs} "
            f"(that of {sums}: {ours})"
        )


def name(cell):
    """A run, or a card, as its path names it."""
    parts = [cell["instance"], cell["device"], cell["tool"]]
    return "/".join([*parts, str(cell["repeat"])] if "repeat" in cell else [*parts, "card"])


def place(results, study, content, cell):
    """Where the workflow keeps a record, or a card."""
    if "cell" in content:
        folder = results / study / "runs" / cell["instance"] / cell["device"] / cell["tool"]
        return folder / f"{cell['repeat']}.json"
    cards = results / study / "parity" / "cards"
    return cards / cell["instance"] / cell["device"] / f"{cell['tool']}.json"


if __name__ == "__main__":
    sys.exit(main())
