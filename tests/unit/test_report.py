"""The report: the answer comes first and is true, and nothing that failed is hidden."""

import re

from synthetic import changed, in_rounds, naming, of_metric, order, record, record_1, write

import make_figures
import make_report
import make_tables
import merge_records
from make_figures import FIGURES

TABLES = ["by_tool", "by_gpu", "gpu_vs_cpu"]


def report(home, records, settings_json="{}", published=None, draw=False, options=()):
    """Text of the report that the programs make from records; figures only with ``draw``."""
    settings_json = naming(settings_json, records)
    arguments = ["--records", *map(str, write(records, home)), "--order", settings_json]
    if published:
        (home / "old.csv").write_text(published)
        arguments += ["--published", str(home / "old.csv")]
    runs, output = str(home / "runs.csv"), home / "report.md"
    assert merge_records.main([*arguments, "--output", runs]) == 0
    common = ["--runs", runs, "--order", settings_json]
    assert make_tables.main([*common, "--output-dir", str(home / "tables")]) == 0
    if draw:
        assert make_figures.main([*common, "--output-dir", str(home / "figures")]) == 0
    tables = [str(home / "tables" / f"{name}.md") for name in TABLES]
    figures = [str(home / "figures" / f"{name}.svg") for name in FIGURES]
    made = ["--tables", *tables, "--figures", *figures, "--output", str(output)]
    assert make_report.main([*common, *made, *options]) == 0
    return output.read_text()


def answers(shown):
    """The sentences in bold before the first heading but the title's."""
    return re.findall(r"^(?:\* )?\*\*(.*?)\*\*", shown.split("\n## ")[0], re.MULTILINE)


def test_it_opens_with_the_question_and_the_answer(tmp_path):
    records = [record("slow", train_s=30), record("fast", train_s=12.5), record("mid", train_s=20)]
    shown = report(tmp_path, records)
    title, _, sentence = shown.split("\n")[:3]
    assert title.startswith("# ") and title.endswith("?")
    assert sentence == (
        "**On 2 cores of Made-up CPU 3000, 3 tools took 12.5 to 30.0 s in one run each, which "
        "ranks none of them: the next run may come out in another order.**"
    )
    assert "Every tool was run once" in shown
    assert "2021-02-03 04:05" in shown


def test_each_device_has_its_answer(tmp_path):
    times = {"cpu": {"a": [10, 11], "b": [40, 41]}, "gpu": {"a": [9, 9.1], "b": [2, 2.1]}}
    records = []
    for device, series in times.items():
        records += in_rounds(series, device=device, gpus=["Made-up GPU"])
    cpu, gpu = answers(report(tmp_path, records))
    assert "Made-up CPU 3000, A trained fastest" in cpu
    assert "1 × Made-up GPU, B trained fastest" in gpu


def test_published_runs_do_not_answer(tmp_path):
    published = (
        "source,origin,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
        "published,a page of 2017,quick,old,Old,local,cpu,1,ok,2\n"
    )
    shown = report(tmp_path, [record("a"), record("b", train_s=11)], published=published)
    (answer,) = answers(shown)
    assert "2 tools took 10.0 to 11.0 s" in answer and "Old" not in answer
    assert "Published rows come from: a page of 2017." in shown


def test_error_rates_that_differ_are_not_called_alike(tmp_path):
    alike = report(tmp_path / "1", [record("a", errors=20), record("b", errors=22)])
    apart = report(tmp_path / "2", [record("a", errors=20), record("b", errors=200)])
    assert "The error rate lies between 1.00% and 1.10%; the 95 % intervals all overlap." in alike
    assert "between 1.00% and 10.00%; the 95 % intervals do not all overlap." in apart


def test_what_did_not_run_is_named_with_reason_and_log(tmp_path):
    failed = record("b", outcome="failed", reason="exit code 1: no module named b")
    failed["status"]["log_tail"] = ["Traceback", "", "<b>ImportError</b> & more"]
    records = [
        record("a"),
        failed,
        record("a", device="gpu", outcome="no_device", reason="no GPU in this machine"),
        record("b", device="gpu", outcome="no_device", reason="no GPU in this machine"),
    ]
    shown = report(tmp_path, records, order(["a", "b"]))
    section = shown.split("## What did not run")[1].split("\n## ")[0]
    assert "**failed** (the tool broke): exit code 1: no module named b<br>B" in section
    assert section.count("no GPU in this machine") == 1, "one reason, one line"
    assert "<br>A; B" in section
    assert "&lt;b&gt;ImportError&lt;/b&gt; &amp; more" in section
    body = section[section.index("<pre>") : section.index("</pre>")]
    assert "\n\n" not in body, "a blank line would end the block"


def test_only_the_repeats_that_failed_are_named(tmp_path):
    records = [record("a"), record("a", repeat=2, outcome="timeout", reason="stopped after 9 s")]
    section = report(tmp_path, records).split("## What did not run")[1]
    assert "stopped after 9 s<br>A, round 2" in section


def test_a_study_in_which_all_ran_says_so(tmp_path):
    assert "Everything ran." in report(tmp_path, [record("a"), record("b")])


def test_a_study_in_which_nothing_ran_has_a_report(tmp_path):
    shown = report(tmp_path, [record("a", outcome="failed", reason="broken")])
    assert answers(shown) == ["Nothing was measured."]
    assert "broken" in shown


def test_figures_are_linked_relatively_and_exist(tmp_path):
    shown = report(tmp_path, [record("a")], draw=True)
    links = re.findall(r"!\[(.+)\]\((.+)\)", shown)
    # without cards there is nothing to show of parity, nor of machines where there is one
    assert {link for _, link in links} == {
        f"figures/{name}.svg" for name in {*FIGURES} - {"parity", "machines"}
    }
    assert all((tmp_path / link).is_file() and not link.startswith("/") for _, link in links)


def test_tables_and_definitions_are_in_it(tmp_path):
    records = [record("a"), record("a", device="gpu")]
    shown = report(tmp_path, records, order(["a"], baseline="a"))
    for heading in ("By tool", "By GPU", "GPU vs CPU", "Figures", "How the times are defined"):
        assert f"\n## {heading}\n" in shown
    for name in ("train", "steady", "cold"):
        assert re.search(rf"^\| {name}\b", shown, re.MULTILINE)


def test_the_figure_of_machines_comes_first_where_there_are_several(tmp_path):
    shown = report(tmp_path, [record("a"), record("a", instance="box")], draw=True)
    below = shown.split("\n## Figures\n")[1]
    assert re.findall(r"!\[.+\]\((.+)\)", below)[0] == "figures/machines.svg"
    assert re.findall(r"!\[.+\]\((.+)\)", shown)[0] == "figures/ratios.svg"


def test_a_table_that_has_no_row_is_not_in_it(tmp_path):
    records = [record("a"), record("a", "gpu", outcome="no_device", reason="no GPU here")]
    shown = report(tmp_path, records, order(["a"], baseline="a"))
    assert "## By GPU" not in shown and "## GPU vs CPU" not in shown
    assert shown.count("no GPU here") == 2, "below the table, and under what did not run"


def test_the_interval_of_digits_is_qualified(tmp_path):
    assert "jittered copies" in report(tmp_path / "1", [record("a")])
    assert "jittered copies" not in report(tmp_path / "2", [record("a", data_set="mnist")])


def test_a_run_on_a_gpu_has_the_versions_of_its_libraries_and_no_other_run(tmp_path):
    on_gpu = record("a", "gpu", gpus=["G"])
    on_gpu["machine"] |= {"driver": "580.1", "cuda_driver": "13.0", "nvml": "13.580.1"}
    on_gpu["software"]["gpu_libraries"] = {"cudnn": "9.10.2", "cuda": "12.8"}
    shown = report(tmp_path, [on_gpu, record("a")]).split("## Provenance")[1]
    words = "driver 580.1, driver's CUDA 13.0, NVML 13.580.1, cuda 12.8, cudnn 9.10.2"
    assert shown.count(words) == 1 and f"| {words} |" in shown
    alone = report(tmp_path / "2", [record("a")]).split("## Provenance")[1]
    assert "GPU libraries" not in alone


def test_every_run_has_its_provenance(tmp_path):
    items = [record("a"), record("b", outcome="failed"), record("a", repeat=2)]
    items[0] = changed(items[0], "provenance.attempt", 7)
    items[0] = changed(items[0], "provenance.adapter_sha256", "feedbeef" * 8)
    items[0] = changed(items[0], "software.facts", {"threads": 2, "jit": True})
    shown = report(tmp_path, items).split("## Provenance")[1]
    lines = {line.split(" | ")[0]: line for line in shown.splitlines() if line[:2] == "| "}
    for run in ("local/cpu/a/1", "local/cpu/a/2", "local/cpu/b/1"):
        assert f"| {run}" in lines
    first = lines["| local/cpu/a/1"]
    assert "feedbeeffeed " in first and first.endswith("| 2 | 2021-02-03T04:05:01Z | 7 |")
    assert "a 1.2.3, numpy 2.0.0" in first and "jit yes, threads 2" in first
    assert "abababababab" in first and "cdcdcdcdcdcd" in first


def test_runs_of_different_machines_under_one_name_are_warned_of(tmp_path):
    other = changed(record("b"), "machine.cpu_model", "Another CPU")
    shown = report(tmp_path, [record("a"), other])
    assert "were not all made on the same machine" in shown
    updated = changed(record("b"), "machine.kernel", "6.1.1")
    assert "same machine" not in report(tmp_path / "2", [record("a"), updated])


def test_runs_beside_other_work_are_warned_of(tmp_path):
    busy = changed(changed(record("b"), "load.cores_used", 0.6), "load.core_seconds", 6.0)
    shown = report(tmp_path, [record("a"), busy])
    assert "these times may be too long: B on cpu (1.2 CPUs)." in shown
    assert "too long" not in report(tmp_path / "2", [record("a"), record("b")])


def test_what_the_meter_saw_counts_where_it_looked(tmp_path):
    seen = changed(record("a"), "load.disturbed", ["the host took 12 % of the CPUs"])
    quiet = changed(changed(record("b"), "load.disturbed", []), "load.cores_used", 0.6)
    quiet = changed(quiet, "load.core_seconds", 6.0)
    shown = report(tmp_path, [seen, quiet])
    assert "too long: A on cpu (the host took 12 % of the CPUs)." in shown


def test_a_run_that_works_before_its_timed_window_is_warned_of(tmp_path):
    item = changed(record("b", train_s=10), "load.init_core_seconds", 9.0)
    item["times"] |= {"init_s": 5.0, "cold_s": 18.0, "process_s": 18.5}
    opening = report(tmp_path, [record("a"), item]).split("\n## ")[0]
    assert "of the training: B (local, cpu): 9 core-seconds of initialisation, 18" in opening


WORKLOAD = {"title": "Made-up network", "description": "two layers.", "parameters": 65402}


def test_what_is_trained_comes_from_the_workload_and_the_protocol(tmp_path):
    records = [record("a", protocol={"batch_size": 64, "leaves": 31})]
    shown = report(tmp_path / "1", records, order(["a"], workload=WORKLOAD))
    assert shown.startswith("# Made-up network: how fast does each tool train it")
    assert "`digits`, tested on 2,000 others; batch size 64, leaves 31." in shown
    assert "Made-up network: two layers; 65,402 parameters. Whether" in shown
    bare = report(tmp_path / "2", records)
    assert "parameters" not in bare.split("\n## ")[0] and "\n\n\n" not in bare


def test_tools_without_an_adapter_are_named_once(tmp_path):
    settings = order(["a", "b", "c"], not_offered=["c", "b"])
    shown = report(tmp_path, [record("a")], settings)
    assert shown.count("No adapter for this workload: C; B.") == 1
    assert "Everything else ran." in shown
    assert "No adapter" not in report(tmp_path / "2", [record("a")], order(["a"]))


def test_the_quality_of_another_metric_is_said_in_its_own_words(tmp_path, auc):
    records = [of_metric(record(tool), auc, value) for tool, value in (("a", 0.7), ("b", 0.9))]
    shown = report(tmp_path, records)
    assert "The AUC lies between 0.7000 and 0.9000; the 95 % intervals do not all" in shown


def test_each_contract_has_its_answer_with_its_name(tmp_path):
    records = [record("a"), record("b", train_s=11), record_1("a", repeat=2, train_s=1)]
    new, old = answers(report(tmp_path, records))
    assert new.startswith("On local, cpu (2 cores of Made-up CPU 3000), 2 tools took 10.0 to 11.0")
    assert old.startswith("On local, cpu (2 cores of Made-up CPU 3000; contract 1), A trained in")


def test_a_gpu_that_others_used_is_warned_of(tmp_path):
    def on_gpu(count):
        item = record("a", device="gpu", gpus=["G"])
        item["load"]["gpus"][0]["other_processes"] = {"count": count, "memory_bytes": 10**9}
        return item

    warning = "Other programs used a GPU meanwhile, so these times may be too long: A on gpu."
    assert warning in report(tmp_path / "1", [on_gpu(1)])
    assert "Other programs" not in report(tmp_path / "2", [on_gpu(0)])


def test_a_missing_table_is_named(tmp_path, capsys):
    report(tmp_path, [record("a")])
    gone = tmp_path / "gone.md"
    arguments = ["--runs", str(tmp_path / "runs.csv"), "--tables", str(gone)]
    assert make_report.main([*arguments, "--output", str(tmp_path / "new.md")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(gone) in line
    assert not (tmp_path / "new.md").exists()


def test_repeats_that_end_alike_show_their_log_once(tmp_path):
    records = [record("a", repeat=n, outcome="failed", reason="broken") for n in (1, 2, 3)]
    records[2]["status"]["log_tail"] = ["something else"]
    section = report(tmp_path, records).split("## What did not run")[1]
    assert section.count("<summary>") == 2
    assert "round 1 on" in section and "something else" in section


def test_captions_stand_below_their_figures(tmp_path):
    caption = tmp_path / "time_split.rst"
    caption.write_text("Where *all* the time\ngoes.\n")
    shown = report(tmp_path, [record("a")], options=["--captions", str(caption)])
    assert "(figures/time_split.svg)\n\nWhere *all* the time\ngoes.\n\n" in shown
