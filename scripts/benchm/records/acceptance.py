"""Whether what came from another machine belongs to a study here, and where it is kept."""

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from .. import configuration, instances, one_machine, workloads
from ..checking import unknown
from ..files import BadInput
from . import incoming, parsing

#: Since this version of the contract a run that came out ok leaves evidence.
CONTRACT_WITH_EVIDENCE = 2


@dataclass
class Accepted:
    """What is to be written, and what there is to say.

    ``new``: path to bytes of records and cards; ``evidence``: path to bytes of what runs left;
    ``elsewhere``: pairs of a file and its twin that is here under another instance's name;
    ``without_evidence``: files of records whose evidence is neither there nor here.
    """

    new: dict = field(default_factory=dict)
    evidence: dict = field(default_factory=dict)
    elsewhere: list = field(default_factory=list)
    without_evidence: list = field(default_factory=list)


def accept(found, config, results):
    """Return what is ``Accepted`` of ``found``, a list of ``incoming.Item``.

    ``config``: the checked configuration; ``results``: the results directory here. BadInput names
    all that is wrong, a line for each.
    """
    accepted, defects, sources = Accepted(), [], {}
    here = read_here(results)
    known = {item.fingerprint: item for item in here}
    machines = {item.names["instance"]: item for item in here if item.is_record}
    for item in found:
        try:
            content = item.written()
            twin = known.get(item.fingerprint)
            if twin is not None:
                if twin.names["instance"] != item.names["instance"]:
                    accepted.elsewhere.append((item.path, twin.path))
                _take_evidence(item, _below(results, twin.cell.evidence), accepted)
                continue
            refuse_foreign(item, config, results)
            if item.is_record:
                refuse_other_machine(item, machines)
            target = _below(results, item.cell.record if item.is_record else item.cell.card)
            if target in sources:
                raise BadInput(f"{item.path}: the run {item.label} is also in {sources[target]}")
            sources[target] = item.path
            if target.exists():
                raise BadInput(
                    f"{item.path}: the run {item.label} is here already and differs: {target}; "
                    "that one is kept until you move it away"
                )
            _take_evidence(item, _below(results, item.cell.evidence), accepted)
        except BadInput as error:
            defects.append(str(error))
            continue
        accepted.new[target] = content
    if defects:
        raise BadInput("\n".join(defects))
    return accepted


def read_here(results):
    """Return every record and card in the results directory, a list of ``incoming.Item``.

    What can't be used is passed over: merging will name it.
    """
    paths = sorted(results.glob("*/runs/*/*/*/*.json"))
    paths += sorted(results.glob("*/parity/cards/*/*/*.json"))
    found = []
    for path in paths:
        with contextlib.suppress(BadInput):
            found.append(incoming.Item(path, incoming.read(path)))
    return [item for item in found if item.content is not None]


def refuse_other_machine(item, machines):
    """Refuse a record whose instance is another machine in the records that are known: BadInput.

    ``machines``: instance to a record of it, an ``incoming.Item``; a new instance is added.
    """
    instance, ours = item.names["instance"], item.content["machine"]
    other = machines.setdefault(instance, item)
    theirs = other.content["machine"]
    if one_machine.differ(ours, theirs):
        raise BadInput(
            f"{item.path}: instance {instance} is {one_machine.in_words(ours)} here and "
            f"{one_machine.in_words(theirs)} in {other.path}; give each machine a name with "
            "--as NAME"
        )


def refuse_foreign(item, config, results):
    """Refuse what is of another study, data, instance or hardware than ours: BadInput."""
    path, instance, study = item.path, item.names["instance"], item.study
    if instance == config["instance"]:
        raise BadInput(
            f"{path}: recorded as instance {instance}, which is this machine's own; "
            "give it a name with --as NAME (make import AS=NAME)"
        )
    if study not in config["studies"]:
        raise BadInput(f"{path}: {unknown('study', study, config['studies'])}")
    if not item.is_record:
        return
    record, ours = item.lifted(), config["studies"][study]
    refuse_other_protocol(path, record, config)
    refuse_other_data(path, record, results / "data" / ours["data_set"] / "SHA256SUMS")
    machine = record["machine"]
    about = configuration.description_of(config, instance)
    if 0 < len(machine["gpus"]) < about.get("gpus", 0):
        # CUDA_VISIBLE_DEVICES may have shown that run only some of the machine's GPUs.
        about = about | {"gpus": len(machine["gpus"])}
    wrong = instances.mismatch(about, machine["gpus"], machine["cores_logical"])
    if wrong:
        words = wrong.replace("this machine has", "the record's machine had")
        raise BadInput(f"{path}: instance {instance}: {words}")


def refuse_other_protocol(path, record, config):
    """Refuse a record whose study is not the one of that name here: BadInput."""
    theirs, study = record["study"], record["study"]["name"]
    entry = config["studies"][study]
    ours = {key: entry[key] for key in ("workload", "data_set", "n_train", "n_test", "epochs")}
    ours["seed"] = entry["seed"] + record["cell"]["repeat"]
    ours |= configuration.protocol_of(config, study)
    ours["metric"] = workloads.load(entry["workload"]).metric
    found = {key: theirs[key] for key in ours if key in theirs} | theirs["protocol"]
    found["metric"] = record["workload"]["metric"]
    differing = [
        f"{key} {found.get(key, 'absent')} (config.yaml: {ours.get(key, 'absent')})"
        for key in {**ours, **found}
        if key not in found or key not in ours or found[key] != ours[key]
    ]
    if differing:
        raise BadInput(f"{path}: another protocol of study {study}: {', '.join(differing)}")


def refuse_other_data(path, record, sums):
    """Refuse a run on data that are not those of ``sums``, where these were made: BadInput."""
    theirs = record["provenance"]["data_sha256"]
    if record["status"]["outcome"] != "ok" or theirs is None or not sums.exists():
        return
    ours = hashlib.sha256(sums.read_bytes()).hexdigest()
    if theirs != ours:
        raise BadInput(
            f"{path}: another data set {record['study']['data_set']}: data_sha256 {theirs} "
            f"(that of {sums}: {ours})"
        )


def _take_evidence(item, target, accepted):
    """Add a record's evidence to what is accepted; BadInput when it is not that of the record."""
    if not item.is_record or target.exists():
        return
    record = item.lifted()
    wanted, source = record["evidence"]["sha256"], item.evidence_file()
    if wanted is None:
        return
    try:
        parsing.check_regular(source)
        content = source.read_bytes()
    except (BadInput, OSError):
        if record["provenance"]["contract"] >= CONTRACT_WITH_EVIDENCE:
            accepted.without_evidence.append(item.path)
        return
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise BadInput(
            f"{source}: not the evidence of {item.path}: SHA-256 is {found}, the record says "
            f"{wanted}"
        )
    accepted.evidence[target] = content


def _below(results, path):
    """Return where a path below the project's results directory lies below another one."""
    return results / Path(path).relative_to("results")
