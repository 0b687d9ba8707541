"""Whether this machine is the one under whose name its results would be kept.

config.yaml describes machine types; a record that says p3.2xlarge but comes from a laptop would
be worse than none, so a machine that lacks what is described is refused.
"""

import re

import psutil

from .files import BadInput
from .metering import gpu

#: Words that make another model of a card: a GTX 1080 is no GTX 1080 Ti.
_OTHER_MODEL = {"ti", "super", "laptop", "mobile", "max", "nvl"}
#: Words that only some drivers print.
_FILLERS = {"nvidia", "tesla", "geforce", "quadro", "grid"}


def check(name, described):
    """Raise BadInput, one line, unless this machine has what ``described[name]`` says, if anything.

    ``described``: the configuration's ``instances``, a mapping of names to dicts with the keys
    ``gpu`` (model), ``gpus`` and ``cpus`` (counts), each optional.
    """
    about = described.get(name) or {}
    found = {"gpus": models_in_machine(), "cpus": psutil.cpu_count()}
    wrong = mismatch(about, **found)
    if wrong:
        fitting = [
            other
            for other, theirs in described.items()
            if theirs and {"gpu", "gpus", "cpus"} & set(theirs) and not mismatch(theirs, **found)
        ]
        hint = f"; this machine could be {' or '.join(fitting)}" if fitting else ""
        raise BadInput(f"config.yaml: key instances.{name}: {wrong}{hint}")


def is_this_machine(name, described):
    """Whether this machine has what ``described[name]`` says, if anything; see ``check``."""
    return not mismatch(described.get(name) or {}, models_in_machine(), psutil.cpu_count())


def mismatch(about, gpus, cpus):
    """Return how a machine differs from its description, in words, or None.

    ``gpus``: models of all GPUs in the machine; ``cpus``: number of its logical CPUs.
    """
    count, model = about.get("gpus"), about.get("gpu")
    if model is None and count is None:
        wanted = None
    else:
        wanted = f"{1 if count is None else count} x {model or 'GPU'}" if count != 0 else "no GPU"
    here = f"{len(gpus)} x {gpus[0]}" if gpus else "no GPU"
    if count is not None and len(gpus) != count:
        return f"it is described with {wanted}, and this machine has {here}"
    if model is not None and count != 0 and not any(same_model(model, other) for other in gpus):
        return f"it is described with {wanted}, and this machine has {here}"
    if about.get("cpus") not in (None, cpus):
        return f"it is described with {about['cpus']} CPUs, and this machine has {cpus}"
    return None


def models_in_machine():
    """Return the models of all GPUs, those too that CUDA_VISIBLE_DEVICES hides."""
    _, devices, _ = gpu.in_machine()
    return [device.name for device in devices]


def same_model(described, detected):
    """Whether a GPU's name as NVML tells it ("NVIDIA GeForce GTX 1080 Ti") is the described one.

    Drivers add words (maker, bus, memory), which a description may leave out.
    """
    wanted, found = _words(described), _words(detected)
    return wanted <= found and not (found - wanted) & _OTHER_MODEL


def _words(model):
    return set(re.findall(r"[a-z0-9]+", model.lower())) - _FILLERS
