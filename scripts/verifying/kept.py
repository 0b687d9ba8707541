"""A case kept in a file, so that the cards of all tools share it and it is computed once."""

import json
import os
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from metering import environment
from verifying import inputs


def case(path, rule, batch_size):
    """Return the case of a rule: the one in the file ``path``, or a new one that is put there.

    A file of another rule, of an older version of the code, or that can't be read is made
    anew. ``path`` None keeps nothing. Raises OSError when the file can't be written.
    """
    if path is None:
        return inputs.make(rule, batch_size)
    key = _key(rule, batch_size)
    found = _read(path, key, rule)
    if found is None:
        found = inputs.make(rule, batch_size)
        _write(path, key, found)
    return found


def _key(rule, batch_size):
    """Return what the case depends on, as a text."""
    here = Path(__file__).parent
    code = environment.sha256_of_files([here / "inputs.py", here / "reference.py"])
    return json.dumps({"rule": asdict(rule), "batch_size": batch_size, "code": code})


def _read(path, key, rule):
    try:
        with np.load(path, allow_pickle=False) as archive:
            if str(archive["key"]) != key:
                return None
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None

    def group(prefix):
        found = (name.split(".", 1) for name in arrays if name.startswith(prefix + "."))
        return {name: arrays[f"{prefix}.{name}"] for prefix, name in found}

    after = {number: group(f"after{number}") for number in (0, *inputs.KEPT)}
    plain = (arrays[name] for name in ("images", "labels", "losses"))
    return inputs.Case(rule, group("weights"), *plain, group("gradients"), after)


def _write(path, key, found):
    groups = {"weights": found.weights, "gradients": found.gradients}
    groups |= {f"after{number}": weights for number, weights in found.after.items()}
    arrays = {
        f"{prefix}.{name}": v for prefix, group in groups.items() for name, v in group.items()
    }
    arrays |= {"images": found.images, "labels": found.labels, "losses": found.losses}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez(out, key=np.array(key), **arrays)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
