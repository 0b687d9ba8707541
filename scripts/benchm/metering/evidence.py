"""The evidence of a run: the weights that it started from and ended with, and its predictions."""

import hashlib
import io

import numpy as np

from .. import arrays, kinds

#: Bytes of weights that a run may hand over, before and after training together.
MOST_WEIGHTS = 1 << 30


class EvidenceError(Exception):
    """What the adapter wrote can't be used; the message is one line that says why."""


def read_predictions(path, n, outputs):
    """Return the predictions, float32, (n, outputs), or (n,) where ``outputs`` is 1.

    Raises EvidenceError for anything but finite numbers of that shape.
    """
    try:
        found = arrays.read(path, 8 * n * outputs)
    except arrays.ArraysError as error:
        if not path.exists():
            raise EvidenceError("it wrote no predictions") from None
        raise EvidenceError(f"its predictions can't be read: {error}") from None
    values = found.get("predictions")
    if values is None:
        raise EvidenceError("its file of predictions holds no array 'predictions'")
    if values.ndim == 0 or len(values) != n:
        count = len(values) if values.ndim else 1
        raise EvidenceError(f"it predicted {count} of {n} test samples")
    wanted = (n,) if outputs == 1 else (n, outputs)
    if outputs == 1 and values.shape == (n, 1):
        values = values[:, 0]
    if values.shape != wanted:
        raise EvidenceError(f"its predictions have the shape {values.shape}, not {wanted}")
    if values.dtype.kind != "f":
        raise EvidenceError(f"its predictions are {values.dtype}, not float32")
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        bad = np.count_nonzero(~np.isfinite(values))
        raise EvidenceError(f"{bad} of its {values.size} predicted numbers are NaN or infinite")
    return values


def read_weights(path):
    """Return the weights, a dict of arrays named ``initial/NAME`` and ``trained/NAME``.

    Each in the type that the adapter handed it over in. Raises EvidenceError; whether they are
    the workload's is for the judgement to say.
    """
    try:
        found = arrays.read(path, MOST_WEIGHTS)
    except arrays.ArraysError as error:
        raise EvidenceError(f"its weights can't be read: {error}") from None
    for when in ("initial", "trained"):
        if not any(name.startswith(f"{when}/") for name in found):
            raise EvidenceError(f"it handed over no {when} weights")
    return found


def weights_of(path, kind):
    """Return the weights of a tool of a kind: what is no network has none. Raises EvidenceError."""
    return read_weights(path) if kind == kinds.NETWORK else {}


def packed(weights=None, predictions=None, reason=None):
    """Return the bytes of an .npz with the weights and predictions, or with the reason for none."""
    if reason is not None:
        content = {"reason": np.array(reason)}
    else:
        content = {**weights, "predictions": predictions}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    return buffer.getvalue()


def about(content):
    """Return the record's group ``evidence`` of the bytes of an .npz."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
