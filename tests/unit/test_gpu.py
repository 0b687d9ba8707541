"""GPUs from a fake NVML whose answers are known: which are visible, and what they did."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace

import pynvml as real_pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering import environment, gpu, gpu_sampler, gpu_users, nvml, visible

pytestmark = pytest.mark.alone

FAKE = Path(__file__).resolve().parents[1] / "fake_nvml" / "pynvml.py"
A, B, C = "GPU-aaaa-1111", "GPU-bbbb-2222", "GPU-bbcc-3333"


def fake_module():
    specification = importlib.util.spec_from_file_location("pynvml", FAKE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def machine(monkeypatch):
    """Return a function: the GPUs found on a machine with a fake NVML of these keys."""

    def detect(*gpus, cuda_visible_devices=None, **keys):
        monkeypatch.setitem(sys.modules, "pynvml", fake_module())
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
    for name, function in vars(fake_module()).items():
        if name.startswith("nvml"):
            real = inspect.signature(getattr(real_pynvml, name))
            assert len(real.parameters) == len(inspect.signature(function).parameters), name


# -- which GPUs there are -----------------------------------------------------------------------


def test_without_the_module_there_is_no_gpu_and_a_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    gpus = gpu.detect()
    assert len(gpus) == 0 and "pynvml" in gpus.why_not(1)
    assert gpus.facts() == [] and gpus.throttle_reasons() is None


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
    one = environment.variables(1, "/scratch", gpus.ids(1))
    assert (one["CUDA_VISIBLE_DEVICES"], one["CUDA_DEVICE_ORDER"]) == (B, "PCI_BUS_ID")
    assert "NVIDIA_TF32_OVERRIDE" not in one
    assert environment.variables(1, "/scratch", gpus.ids(2))["CUDA_VISIBLE_DEVICES"] == f"{B},{A}"
    assert environment.variables(1, "/scratch")["CUDA_VISIBLE_DEVICES"] == "-1"


# -- what they did ------------------------------------------------------------------------------


def watched(keys, samples):
    """Return a Watch's summary after ``samples`` samples and the last one, without waiting."""
    module = fake_module()
    handle = {"uuid": A, **keys}
    watch = gpu_sampler.Watch(nvml.Device(nvml.Nvml(module), handle), set())
    watch.begin()
    watch._began -= 2  # seconds ago: whatever NVML averages lies in the window
    for _ in range(samples):
        watch.take(with_processes=False)
    watch.end()
    return watch.summary(0)


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=30),
    st.lists(st.integers(0, 1 << 40), min_size=1, max_size=30),
    st.integers(0, 60),
)
def test_means_count_every_sample_zeros_too(loads, memory, samples):
    entry, reasons = watched({"load": loads, "memory": memory}, samples)
    taken = list(islice(cycle(loads), samples + 1))
    assert entry["samples"] == len(taken)
    assert entry["load_percent"] == pytest.approx(sum(taken) / len(taken))
    assert entry["peak_memory_bytes"] == max(islice(cycle(memory), samples + 1))
    assert set(reasons) == {"tool_memory_bytes", "other_processes"}  # nobody was there


def test_an_idle_gpu_has_a_load_of_zero_rather_than_none():
    entry, _ = watched({"load": [0]}, 5)
    assert entry["load_percent"] == 0 and entry["samples"] == 6


def test_clocks_power_and_throttle_reasons_are_those_of_the_window():
    entry, _ = watched(
        {"clock": [1000, 2000], "milliwatts": [100_000, 300_000], "throttle": [0, 0x4, 0x20, 1]}, 3
    )
    assert (entry["sm_clock_mean_mhz"], entry["sm_clock_max_mhz"]) == (1500, 2000)
    assert entry["power_watts"] == 200
    assert entry["throttle_reasons"] == ["idle", "software power cap", "software thermal slowdown"]
    assert nvml.throttle_words(1 << 40 | 1) == ["idle", "0x10000000000"]


def test_what_a_gpu_does_not_tell_is_null_with_its_reason():
    entry, reasons = watched({"load": [-3], "milliwatts": [-3]}, 3)
    assert entry["load_percent"] is None and entry["samples"] == 0
    assert "Not Supported" in reasons["load_percent"] and "Not Supported" in reasons["power_watts"]
    assert entry["peak_memory_bytes"] is not None and "peak_memory_bytes" not in reasons


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_gpu_lost_in_mid_run_has_no_load_and_says_so(before, after):
    entry, reasons = watched({"load": [50], "lost_after": before}, before + after)
    assert entry["load_percent"] is entry["peak_memory_bytes"] is entry["power_watts"] is None
    assert entry["samples"] == before
    assert f"after {before} samples" in reasons["load_percent"]
    assert "GPU is lost" in reasons["load_percent"]
    assert {key for key, value in entry.items() if value is None} == set(reasons)


@pytest.mark.parametrize(("newest_list", "told"), [(3, True), (2, True), (1, False)])
def test_a_driver_older_than_pynvml_costs_a_run_no_load(newest_list, told):
    keys = {"load": [50], "newest_list": newest_list, "processes": [[os.getppid(), 5]]}
    entry, reasons = watched(keys, 3)
    assert entry["load_percent"] == 50 and entry["peak_memory_bytes"] is not None
    assert entry["other_processes"] == ({"count": 1, "memory_bytes": 5} if told else None)
    assert told or "does not tell" in reasons["other_processes"]


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


# -- whose processes ----------------------------------------------------------------------------


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def test_a_child_is_ours_its_parents_are_not_and_nobody_is_neither(child):
    assert gpu_users.is_ours(child.pid) is True
    assert gpu_users.is_ours(os.getppid()) is False
    for nobody in (1 << 22 | 1, (1 << 32) - 1):
        assert gpu_users.is_ours(nobody) is None


def test_another_process_on_the_gpu_is_told_from_the_tools_own(child):
    users = gpu_users.Users(before=set())
    users.see({child.pid: 100, os.getppid(): 7})
    users.see({child.pid: 300, os.getppid(): None})
    assert users.tell() == ({"count": 1, "memory_bytes": 7}, 300)


def test_what_was_there_before_the_tool_is_another_even_where_ids_mean_nothing():
    users = gpu_users.Users(before={1 << 22 | 1})
    users.see({1 << 22 | 1: 5})
    assert users.tell() == ({"count": 1, "memory_bytes": 5}, 0)


def test_ids_of_another_namespace_are_not_guessed_about():
    users = gpu_users.Users(before=set())
    for _ in range(2):
        users.see({1 << 22 | 1: 5})
    with pytest.raises(nvml.NotTold, match="namespace"):
        users.tell()


def test_memory_that_the_driver_does_not_tell_is_not_taken_for_none(child):
    users = gpu_users.Users(before=set())
    users.see({child.pid: None})
    with pytest.raises(nvml.NotTold, match="how much memory"):
        users.tell()


def test_an_empty_list_is_not_taken_for_nobody():
    users = gpu_users.Users(before=set())
    users.see({})
    with pytest.raises(nvml.NotTold, match="no process"):
        users.tell()


def test_a_process_that_has_just_ended_is_no_other(child):
    users = gpu_users.Users(before=set())
    users.see({1 << 22 | 1: 5, child.pid: 1})
    users.see({child.pid: 1})
    assert users.tell()[0]["count"] == 0
