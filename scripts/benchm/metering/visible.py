"""Which GPUs CUDA would show a process, by the variable CUDA_VISIBLE_DEVICES.

The rules are CUDA's own ("CUDA Environment Variables" in the CUDA Programming Guide, "CUDA
Device Enumeration" in the MIG User Guide) and, where those are silent, what PyTorch's
torch.cuda found out about them. Indices count in the order of the PCI bus, which
CUDA_DEVICE_ORDER=PCI_BUS_ID makes CUDA follow too.
"""

import re


def choose(variable, gpus):
    """Return ``(devices, problem)``: the GPUs or MIG instances that are visible, in CUDA's order.

    ``variable``: the value of CUDA_VISIBLE_DEVICES, None when it is not set; ``gpus``: all GPUs,
    with ``uuid``, ``name``, ``instances`` and ``ids()`` as ``nvml.Device`` has them. ``problem``:
    why the list ended early or is empty, one line, or None.
    """
    if variable is None:
        return _of_all(gpus), None
    devices, problem = _listed(variable, gpus)
    instances = [device for device in devices if device.whole]
    if instances and len(devices) > 1:
        problem = "CUDA uses no other GPU beside a MIG instance"
    chosen = instances[:1] or devices
    if problem:
        here = ", ".join(f"{index} ({gpu.name})" for index, gpu in enumerate(gpus))
        problem = f"CUDA_VISIBLE_DEVICES={variable}: {problem}; here are the GPUs {here or 'none'}"
    return chosen, problem


def _of_all(gpus):
    instances = [instance for gpu in gpus for instance in gpu.instances or []]
    # A GPU that is divided can only be used through its instances, of which a process gets one.
    return instances[:1] or [gpu for gpu in gpus if gpu.instances is None]


def _listed(variable, gpus):
    """Return ``(devices, problem)`` of the list itself: it ends at the first that is no device."""
    devices = []
    items = [item.strip() for item in variable.split(",")]
    # The first entry says whether the list is of indices, GPUs or MIG instances.
    kind = items[0][:4] if items[0].startswith(("GPU-", "MIG-")) else ""
    for item in items:
        device, problem = _device(item, kind, gpus)
        if device is None:
            return devices, problem
        if device in devices:
            return [], f"{item} stands there twice, which hides all GPUs"
        devices.append(device)
    return devices, None


def _device(item, kind, gpus):
    if not item:
        return None, "an empty entry ends the list"
    if kind:
        everything = gpus if kind == "GPU-" else [i for gpu in gpus for i in gpu.instances or []]
        found = [d for d in everything if any(name.startswith(item) for name in d.ids())]
        if not item.startswith(kind) or len(found) != 1:
            more = "names more than one" if len(found) > 1 else "is none here"
            return None, f"{item} {more}"
        return _usable(found[0])
    # CUDA reads a number as strtoul(3) does: "1st" is 1.
    number = re.match(r"\+?\d+", item)
    if not number:
        return None, f"{item} is no GPU and ends the list"
    index = int(number[0])
    if index >= len(gpus):
        return None, f"there is no GPU {index}"
    return _usable(gpus[index])


def _usable(gpu):
    if gpu.instances is None:
        return gpu, None
    if not gpu.instances:
        return None, f"GPU {gpu.uuid} is in MIG mode and has no instance"
    return gpu.instances[0], None
