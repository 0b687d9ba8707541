"""The name of a device is read in one place."""

import pytest

from benchm.device import Device
from benchm.files import BadInput


@pytest.mark.parametrize(
    ("name", "kind", "number", "gpus", "cpus"),
    [
        ("cpu", "cpu", None, 0, None),
        ("cpu-4", "cpu", 4, 0, 4),
        ("gpu", "gpu", None, 1, None),
        ("gpu-1", "gpu", 1, 1, None),
        ("gpu-16", "gpu", 16, 16, None),
    ],
)
def test_a_name_says_kind_and_number(name, kind, number, gpus, cpus):
    device = Device.parse(name)
    assert (device.kind, device.number, device.gpus, device.cpus) == (kind, number, gpus, cpus)
    assert device.is_gpu == (kind == "gpu")
    assert device.name == name


@pytest.mark.parametrize(
    "name", ["", "tpu", "gpu-0", "gpu-", "cpu-04", "gpu-1-2", "CPU", "cpu\n", "xcpu", None, 4]
)
def test_any_other_name_is_refused_in_one_line(name):
    with pytest.raises(BadInput, match="is no device; allowed: cpu, gpu, cpu-N or gpu-N") as error:
        Device.parse(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "cpus", "gpus", "fits"),
    [
        ("cpu", 1, 0, True),
        ("cpu-4", 4, 0, True),
        ("cpu-5", 4, 8, False),
        ("gpu", 64, 0, False),
        ("gpu", 2, 1, True),
        ("gpu-8", 2, 8, True),
        ("gpu-8", 96, 7, False),
    ],
)
def test_a_machine_has_a_device_or_not(name, cpus, gpus, fits):
    assert Device.parse(name).fits(cpus, gpus) == fits
