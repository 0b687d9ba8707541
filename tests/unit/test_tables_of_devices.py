"""Tables that set devices and machines against each other."""

import re

from synthetic import order, record
from tabling import column, row, rows, tables


def test_used_gpus_are_told_from_those_in_the_machine(tmp_path):
    records = [
        record("a", device="gpu", instance="small", gpus=["K80"], train_s=37),
        record("a", device="gpu", instance="large", gpus=["K80"] * 8, train_s=36),
        record("a", device="gpu-8", instance="large", outcome="failed", reason="broken"),
    ]
    shown = (tables(tmp_path, records, order(["a"], baseline="a")) / "by_gpu.md").read_text()
    assert row(shown, "small")[1:6] == ["1", "K80", "37.0", "60", "1"]
    assert row(shown, "large")[1:6] == ["8", "K80", "36.0", "60", "1/8"]
    assert row(shown, "large, gpu-8")[3] == "– failed: broken"


REFERENCE = {"instance": "old", "name": "K80"}
OLD_TIMES = (
    "source,study,tool,tool_name,instance,device,repeat,outcome,train_s,machine_gpus\n"
    'published,quick,a,A,old,gpu,1,ok,40,"[""Tesla K80""]"\n'
    'published,quick,b,B,old,gpu,1,ok,20,"[""Tesla K80""]"\n'
)


def versus(made, instance, name):
    """The column 'vs K80' of a tool on one GPU of an instance; None without the column."""
    sections = (made / "by_tool.md").read_text().split("\nOn ")
    (section,) = [s for s in sections if s.startswith(f"{instance}, gpu (")]
    return row(section, name)[column(section, "vs K80")] if "vs K80" in rows(section)[0] else None


def test_a_tool_is_compared_with_itself_on_the_reference(tmp_path):
    records = [
        record("a", instance="new", device="gpu", gpus=["New"], train_s=10),
        record("b", instance="new", device="gpu", gpus=["New"], train_s=10),
        record("a", instance="old", device="gpu", gpus=["Tesla K80"], train_s=50),
    ]
    made = tables(tmp_path, records, order(["a", "b"], reference=REFERENCE), OLD_TIMES)
    assert versus(made, "new", "A") == "0.2x (one run)", (
        "measured against measured, where there is a run"
    )
    assert versus(made, "new", "B") == "0.5x (one run)†"
    assert versus(made, "old", "A") is None, "not with itself"
    shown = (made / "by_tool.md").read_text()
    assert "same tool on one GPU of old (Tesla K80)" in shown
    assert "† A measured time against a published one" in shown


def test_there_is_no_comparison_with_a_reference_that_nobody_ran_on(tmp_path):
    records = [record("a", instance="new", device="gpu", gpus=["New"]), record("a", train_s=10)]
    made = tables(tmp_path, records, order(["a"], reference=REFERENCE))
    assert "K80" not in (made / "by_tool.md").read_text()
    published = tables(tmp_path / "2", records, order(["a"], reference=REFERENCE), OLD_TIMES)
    sections = (published / "by_tool.md").read_text().split("\nOn ")
    (on_cpu,) = [s for s in sections if s.startswith("local, cpu")]
    assert "vs K80" not in rows(on_cpu)[0], "a CPU is compared with a GPU elsewhere"


def test_the_mark_of_published_times_is_explained_only_where_it_stands(tmp_path):
    records = [record("a", instance=name, device="gpu", gpus=["G"]) for name in ("old", "new")]
    made = tables(tmp_path, records, order(["a"], reference=REFERENCE))
    assert versus(made, "new", "A") == "1x (one run)"
    assert "†" not in (made / "by_tool.md").read_text()


def test_cpus_are_compared_with_the_gpu(tmp_path):
    records = [
        record("a", device="gpu", gpus=["K80"], train_s=37),
        record("a", device="cpu", train_s=326),
        record("b", device="cpu", train_s=1),
    ]
    made = tables(tmp_path, records, order(["a", "b"], baseline="a"))
    shown = (made / "gpu_vs_cpu.md").read_text()
    assert row(shown, "GPU (K80)")[1:3] == ["37.0", "1x"]
    assert row(shown, "CPU 2 cores")[1:3] == ["326", "9x (one run)"]
    assert len(rows(shown)) == 4, "only the baseline belongs here"


def test_the_comparison_with_another_instances_gpu_is_named(tmp_path):
    records = [
        record("a", device="gpu", instance="one", gpus=["K80"], train_s=10),
        record("a", device="cpu", instance="two", train_s=50),
    ]
    shown = (tables(tmp_path, records, order(["a"], baseline="a")) / "gpu_vs_cpu.md").read_text()
    assert row(shown, "CPU 2 cores, two")[2] == "5x (one run)"
    assert "CPU 2 cores, two is compared with GPU (K80) of one." in shown


def test_a_cpu_without_a_gpu_to_compare_with_says_so_beside_published_ones(tmp_path):
    published = (
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
        "published,quick,base,Base,p2,gpu,1,ok,37\n"
        "published,quick,base,Base,p2,cpu,1,ok,326\n"
    )
    settings = order(["base"], baseline="base")
    home = tables(tmp_path, [record("base")], settings, published)
    shown = (home / "gpu_vs_cpu.md").read_text()
    assert row(shown, "CPU 2 cores, local")[2] == ""
    assert "without a measured GPU there is nothing to compare with" in shown


def test_devices_of_a_machine_stand_together(tmp_path):
    """Whatever tool ran where: the blocks must not follow the tools."""
    records = [
        record("alpha", instance="small"),
        record("beta", instance="large"),
        *[record("alpha", "gpu", "large"), record("alpha", "cpu-16", "large")],
        *[record("beta", "cpu-4", "large"), record("beta", "gpu", "small")],
    ]
    shown = (tables(tmp_path, records, order(["alpha", "beta"])) / "by_tool.md").read_text()
    assert re.findall(r"^On (\w+, [\w-]+)", shown, re.MULTILINE) == [
        *[f"large, {device}" for device in ("cpu", "cpu-4", "cpu-16", "gpu")],
        *["small, cpu", "small, gpu"],
    ]


def test_one_of_eight_gpus_is_not_called_eight(tmp_path):
    records = [record("a", device, gpus=["G"] * 8) for device in ("gpu", "gpu-2", "gpu-8")]
    shown = (tables(tmp_path, records) / "by_tool.md").read_text()
    for words in ("gpu (1 of 8 × G)", "gpu-2 (2 of 8 × G)", "gpu-8 (8 × G)"):
        assert words in shown


def test_loads_that_others_read_once_are_called_readings(tmp_path):
    published = (
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s,cpus,cpu1_percent\n"
        "published,quick,a,A,p2,gpu,1,ok,37,1,100\n"
    )
    made = tables(tmp_path, [record("a")], order(["a"], baseline="a"), published)
    assert "Published loads are single readings." in (made / "by_tool.md").read_text()
    assert "single readings" not in (made / "gpu_vs_cpu.md").read_text(), "it has no loads"
    alone = tables(tmp_path / "alone", [record("a")])
    assert "single readings" not in (alone / "by_tool.md").read_text()
