"""GPUs from a fake NVML whose answers are known: which are visible, and what they did."""

import inspect
import json
import time
from types import SimpleNamespace

import pynvml as real_pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering import environment, gpu, gpu_sampler, visible
from fake_nvml import pynvml as fake_nvml

pytestmark = pytest.mark.alone

A, B, C = "GPU-aaaa-1111", "GPU-bbbb-2222", "GPU-bbcc-3333"


@pytest.fixture
def machine(monkeypatch):
    """Return a function: the GPUs found on a machine with a fake NVML of these keys."""

    def detect(*gpus, cuda_visible_devices=None, **keys):
        monkeypatch.setattr(gpu, "binding", lambda: fake_nvml)
        monkeypatch.setenv("FAKE_NVML", json.dumps({"gpus": gpus, **keys}))
        if cuda_visible_devices is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", cuda_visible_devices)
        return gpu.detect()

    return detect


def sampled(gpus, count, seconds=0.0, before=None):
    sampler = gpu_sampler.Sampler(gpus, count, before)
    sampler.start()
    time.sleep(seconds)
    return sampler.finish()


@pytest.fixture
def fast(monkeypatch):
    """Sample much more often than a real GPU is asked, and from the first moment."""
    monkeypatch.setattr(gpu_sampler, "PERIOD", 0.001)
    monkeypatch.setattr(gpu_sampler, "AVERAGED", {})


def test_the_fake_has_the_functions_of_the_real_one():
    for name, function in vars(fake_nvml).items():
        if name.startswith("nvml"):
            real = inspect.signature(getattr(real_pynvml, name))
            assert len(real.parameters) == len(inspect.signature(function).parameters), name


# -- which GPUs there are -----------------------------------------------------------------------


def test_without_the_module_there_is_no_gpu_and_a_reason(monkeypatch):
    monkeypatch.setattr(gpu, "binding", lambda: None)
    gpus = gpu.detect()
    assert len(gpus) == 0 and "pynvml" in gpus.why_not(1)
    assert gpus.facts() == [] and gpus.throttle_reasons() is None


@pytest.mark.parametrize(("number", "words"), [(13000, "13.0"), (12080, "12.8"), (9020, "9.2")])
def test_the_driver_says_what_it_is_and_which_cuda_it_speaks(machine, number, words):
    gpus = machine({"uuid": A}, cuda_driver=number)
    assert (gpus.driver, gpus.cuda_driver, gpus.nvml) == ("580.1", words, "13.580.1")
    none = machine(init_error=12)
    assert none.driver is none.cuda_driver is none.nvml is None


def test_without_a_driver_there_is_no_gpu_and_a_reason(machine):
    gpus = machine(init_error=12)
    assert len(gpus) == 0 and "NVML Shared Library Not Found" in gpus.why_not(1)


def test_a_gpu_that_its_user_may_not_use_does_not_count(machine):
    gpus = machine({"uuid": A, "handle_error": 4}, {"uuid": B}, cuda_visible_devices="0")
    assert gpus.ids(1) == [B]


@pytest.mark.parametrize(
    ("variable", "uuids", "words"),
    [
        (None, [A, B, C], None),
        ("", [], "an empty entry"),
        ("-1", [], "-1 is no GPU"),
        ("2,0", [C, A], None),
        (" 1 , 0 ", [B, A], None),
        ("0,7,1", [A], "there is no GPU 7"),
        ("0,-1,1", [A], "-1 is no GPU"),
        ("0,,1", [A], "an empty entry"),
        ("1,1", [], "twice"),
        ("7", [], "there is no GPU 7; here are the GPUs 0 (Fake GPU), 1 (Fake GPU)"),
        ("none", [], "none is no GPU"),
        (A, [A], None),
        ("GPU-aa,GPU-bbcc", [A, C], None),
        ("GPU-bb", [], "names more than one"),
        ("GPU-aaaa,GPU-dddd", [A], "GPU-dddd is none here"),
        ("GPU-aaaa,1", [A], "1 is none here"),
    ],
)
def test_cuda_visible_devices_means_what_it_means_to_cuda(machine, variable, uuids, words):
    gpus = machine({"uuid": A}, {"uuid": B}, {"uuid": C}, cuda_visible_devices=variable)
    assert gpus.ids(3) == uuids
    reason = gpus.why_not(3)
    assert words is None or words in reason
    assert (reason is None) == (len(uuids) == 3)
    assert reason is None or "\n" not in reason


@given(st.text(alphabet="0123456789-,+GPUMIabc \t", max_size=30))
def test_no_value_of_the_variable_shows_a_gpu_twice_or_says_nothing(variable):
    gpus = [
        SimpleNamespace(uuid=u, name="x", instances=None, whole=None, ids=lambda u=u: [u])
        for u in (A, B)
    ]
    devices, problem = visible.choose(variable, gpus)
    assert len({device.uuid for device in devices}) == len(devices)
    assert devices or problem


MIG = [
    {"uuid": A, "mig_error": 3},
    {
        "uuid": B,
        "instances": [
            {"uuid": "MIG-one", "gpu_instance": 9, "load": [-3], "name": "Fake GPU MIG 1g.5gb"},
            {"uuid": "MIG-two", "gpu_instance": 11},
        ],
    },
]


@pytest.mark.parametrize(
    ("variable", "uuids"),
    [
        (None, ["MIG-one"]),
        ("MIG-two", ["MIG-two"]),
        ("MIG-two,MIG-one", ["MIG-two"]),
        (f"MIG-{B}/11/0", ["MIG-two"]),
        ("MIG-none", []),
        ("1", ["MIG-one"]),
        ("0", [A]),
        ("0,1", ["MIG-one"]),
    ],
)
def test_of_mig_instances_a_process_gets_one_and_no_gpu_beside_it(machine, variable, uuids):
    gpus = machine(*MIG, cuda_visible_devices=variable)
    assert gpus.ids(2) == uuids
    assert gpus.why_not(2)


def test_a_mig_instance_has_memory_but_no_load_of_its_own(machine, fast):
    gpus = machine(*MIG)
    assert gpus.facts()[0]["mig"] is True
    ((entry,), joules, reasons) = sampled(gpus, 1)
    assert entry["load_percent"] is None and "MIG" in reasons["gpus.load_percent"]
    assert entry["power_watts"] is None and joules is None
    assert entry["peak_memory_bytes"] == 1 << 20 and entry["sm_clock_max_mhz"] == 1000


def test_a_gpu_in_mig_mode_without_instances_is_none(machine):
    gpus = machine({"uuid": A, "instances": []})
    assert len(gpus) == 0 and "MIG" in gpus.why_not(1)


def test_a_prohibited_gpu_is_refused_and_an_exclusive_one_noted(machine):
    assert "prohibited" in machine({"uuid": A, "compute_mode": 2}).why_not(1)
    gpus = machine({"uuid": A, "compute_mode": 3})
    assert gpus.why_not(1) is None
    assert gpus.facts()[0]["compute_mode"] == "exclusive_process"


def test_too_few_gpus_are_refused_with_what_is_there(machine):
    reason = machine({"uuid": A, "name": "K80"}, cuda_visible_devices="0,5").why_not(2)
    assert "2 GPUs asked for, 1 here: 0 (K80)" in reason and "there is no GPU 5" in reason


def test_a_tool_sees_the_gpus_of_its_cell_and_no_other(machine, monkeypatch):
    gpus = machine({"uuid": A}, {"uuid": B}, cuda_visible_devices="1,0")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    one = environment.variables(1, "/scratch", "/adapter.py", gpus.ids(1))
    assert (one["CUDA_VISIBLE_DEVICES"], one["CUDA_DEVICE_ORDER"]) == (B, "PCI_BUS_ID")
    assert "NVIDIA_TF32_OVERRIDE" not in one
    assert (
        environment.variables(1, "/scratch", "/adapter.py", gpus.ids(2))["CUDA_VISIBLE_DEVICES"]
        == f"{B},{A}"
    )
    assert environment.variables(1, "/scratch", "/adapter.py")["CUDA_VISIBLE_DEVICES"] == "-1"


# -- what they did ------------------------------------------------------------------------------


def test_one_lost_gpu_does_not_cost_the_other_its_load(machine, fast):
    gpus = machine({"uuid": A, "load": [40]}, {"uuid": B, "load": [40], "lost_after": 2})
    (one, two), joules, reasons = sampled(gpus, 2, seconds=0.1)
    assert one["load_percent"] == 40 and two["load_percent"] is None and joules is None
    assert reasons["gpus.load_percent"].startswith("GPU 1: NVML failed in mid-run")
    assert "GPU 0" not in reasons["gpus.load_percent"]


def test_nvml_that_hangs_is_given_up(machine, fast, monkeypatch):
    monkeypatch.setattr(gpu_sampler, "PATIENCE", 0.2)
    gpus = machine({"uuid": A, "hangs_after": 1})
    entries, joules, reasons = sampled(gpus, 1, seconds=0.05)
    assert entries is joules is None
    assert all("did not answer" in reasons[key] for key in ("gpus", "energy_joules"))
    assert gpus.throttle_reasons() == ["unknown"]  # and it is not asked again


def test_a_window_shorter_than_what_nvml_averages_has_no_load(machine):
    ((entry,), joules, reasons) = sampled(machine({"uuid": A, "joules_per_second": 100}), 1)
    assert entry["load_percent"] is None and entry["samples"] == 0
    assert "shorter than NVML's average" in reasons["gpus.load_percent"]
    assert joules is None and "tick" in reasons["energy_joules"] == reasons["energy_source"]
    assert entry["peak_memory_bytes"] == 1 << 20


def test_power_of_before_the_window_is_not_counted(machine, monkeypatch):
    monkeypatch.setattr(gpu_sampler, "AVERAGED", {"load_percent": 0.02, "watts": 0.3})
    keys = {"uuid": A, "load": [50], "milliwatts": [100_000]}
    ((entry,), _, reasons) = sampled(machine(keys), 1, seconds=0.05)
    assert entry["load_percent"] == 50 and entry["power_watts"] is None
    assert "shorter than NVML's average of 0.30 s" in reasons["gpus.power_watts"]
    ((entry,), _, _) = sampled(machine(keys), 1, seconds=0.4)
    assert entry["power_watts"] == 100


def test_energy_is_the_counters_of_all_gpus(machine, fast):
    gpus = machine({"uuid": A, "joules_per_second": 100}, {"uuid": B, "joules_per_second": 300})
    began = time.monotonic()
    _, joules, reasons = sampled(gpus, 2, seconds=0.3)
    assert 400 * 0.25 < joules <= 400 * (time.monotonic() - began)
    assert "energy_joules" not in reasons


def test_a_gpu_without_an_energy_counter_leaves_no_sum(machine, fast):
    gpus = machine({"uuid": A, "joules_per_second": 100}, {"uuid": B})
    _, joules, reasons = sampled(gpus, 2, seconds=0.15)
    assert joules is None and reasons["energy_joules"].startswith("GPU 1: ")


def test_only_the_gpus_of_the_cell_are_sampled(machine, fast):
    gpus = machine({"uuid": A}, {"uuid": B}, {"uuid": C}, cuda_visible_devices="2,1,0")
    entries, _, _ = sampled(gpus, 2)
    assert [(entry["index"], entry["uuid"]) for entry in entries] == [(0, C), (1, B)]
