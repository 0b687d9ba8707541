"""Records are of one kind of machine, or of two, by what they say of it."""

import json

import pytest
from synthetic import changed, record, write

from benchm import one_machine
from benchm.files import BadInput

HERE = record(gpus=["NVIDIA H100"] * 8)["machine"]


@pytest.mark.parametrize(
    ("key", "value", "other"),
    [
        ("cpu_model", "Another CPU", True),
        ("cpu_model", None, False),
        ("cores_logical", 64, True),
        ("cores_logical", None, False),
        ("gpus", ["NVIDIA A100"] * 8, True),
        ("gpus", ["NVIDIA H100"], False),  # the others were hidden from it
        ("gpus", [], False),
        ("kernel", "7.0", False),
        ("memory_bytes", 1, False),
    ],
)
def test_what_makes_another_machine(key, value, other):
    there = HERE | {key: value}
    assert one_machine.differ(HERE, there) == one_machine.differ(there, HERE) == other


def test_a_record_of_another_machine_is_found_among_those_of_a_name(tmp_path):
    write([record("a"), record("b", gpus=["NVIDIA H100"])], tmp_path)
    folder = tmp_path / "quick/runs/local"
    assert one_machine.other_in(folder, HERE) is None
    (path,) = write([changed(record("c"), "machine.cores_logical", None)], tmp_path)
    assert one_machine.other_in(folder, HERE) is None
    path.write_text(json.dumps(record("c"))[:99])
    assert one_machine.other_in(folder, HERE) is None
    write([changed(record("d"), "machine.cores_logical", 64)], tmp_path)
    assert one_machine.other_in(folder, HERE) == (
        "cpu/d/1.json comes from Made-up CPU 3000, 64 CPUs, no GPU, "
        "and this is Made-up CPU 3000, 2 CPUs, 8 x NVIDIA H100"
    )


def test_the_name_of_another_machine_is_refused_in_one_line(tmp_path):
    write([changed(record("d"), "machine.cores_logical", 64)], tmp_path / "results")
    one_machine.check("seed", "local", HERE, tmp_path)
    one_machine.check("quick", "my-box", HERE, tmp_path)
    with pytest.raises(BadInput) as error:
        one_machine.check("quick", "local", HERE, tmp_path)
    line = str(error.value)
    assert line.startswith("results/quick/runs/local/cpu/d/1.json comes from Made-up CPU 3000")
    assert "give this machine a name of its own" in line and "\n" not in line
