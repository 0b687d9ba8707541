"""Which test samples a run got wrong, small enough to be kept beside its judgement.

Two tools that predicted the same samples can so be compared sample by sample, without the
predictions themselves.
"""

import base64
import binascii

import numpy as np

from . import evidence_file


def of(content, workload, parts):
    """Return which test samples were wrong, bool (n,), in the data set's order; None without.

    ``content``: the bytes of a run's evidence, ``parts``: the data set's (``hand_over.Parts``).
    A sample is right or wrong only where the workload's task has classes. As in the metric, of
    classes with equal scores the first counts as predicted. Raises evidence_file.EvidenceError.
    """
    if workload.task != "classes" or parts is None:
        return None
    n = len(parts.test_targets)
    most = {
        f"{when}/{name}": int(np.prod(shape))
        for when in ("initial", "trained")
        for name, shape in workload.shapes.items()
    }
    found = evidence_file.read(content, most | {"predictions": n * workload.outputs})
    predictions = found.get("predictions")
    if predictions is None or predictions.shape != (n, workload.outputs):
        return None
    return predictions.argmax(axis=1) != parts.test_targets


def packed(wrong):
    """Return what a judgement holds: ``n``, and a bit for each sample, the first the highest."""
    bits = base64.b64encode(np.packbits(wrong).tobytes()).decode("ascii")
    return {"n": len(wrong), "bits": bits}


def unpacked(found):
    """Return the bool array of what ``packed`` returned; ValueError for anything else."""
    try:
        n, content = found["n"], base64.b64decode(found["bits"], validate=True)
    except (TypeError, KeyError, binascii.Error, ValueError):
        raise ValueError("allowed is a mapping of n and bits, in base64") from None
    if type(n) is not int or n < 1 or len(content) != -(-n // 8):
        raise ValueError(f"{len(content)} bytes are not one bit for each of {n!r} samples")
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    if bits[n:].any():
        raise ValueError(f"it has bits beyond {n} samples")
    return bits[:n].astype(bool)
