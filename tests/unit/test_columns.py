"""Columns of runs.csv: they follow from the schema, and what goes in comes out again."""

import json
import string

from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_records import SCHEMA
from synthetic import record, record_1

from benchm.files import write_text
from benchm.records.upgrade import lift
from benchm.reporting.columns import COLUMNS, KINDS, derive, flatten
from benchm.reporting.csv_file import read_rows, to_csv


def test_every_value_of_the_schema_has_a_column():
    def leaves(node, place):
        node = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        if "properties" in node:
            for key, value in node["properties"].items():
                yield from leaves(value, [*place, key])
        elif "properties" in node.get("items", {}):
            yield from leaves(node["items"], [*place, "*"])
        else:
            yield ".".join(place)

    places = {
        ".".join(step for step in column.place if isinstance(step, str))
        for column in COLUMNS
        if column.place
    }
    lost = {
        leaf
        for leaf in leaves(SCHEMA, [])
        if not any(f"{leaf}.".startswith(f"{place}.") for place in places)
    }
    assert lost == {"schema_version"}
    assert len(KINDS) == len(COLUMNS), "two columns of one name"


#: Names that users of runs.csv rely on.
RELIED_ON = """
source origin study tool tool_name instance device repeat outcome reason train_s train_s_logged
import_s init_s first_epoch_s epochs_s steady_epoch_s steady_s predict_s cold_s process_s
n_predicted quality_metric quality quality_low_95 quality_high_95 quality_more gpu_percent
gpu_index gpu_name gpu_samples gpu_peak_memory_bytes gpu_power_watts gpu_other_processes cpus
cpu1_percent cpu_percent core_seconds cores_used peak_memory_host_bytes energy_joules data_set
n_train n_test epochs protocol seed cpu_model cores_allowed machine_gpus machine_gpu_facts
driver kernel system interpreter versions threads_allowed facts adapter_sha256 contract
data_sha256 attempt started_utc project_version exit_code signal log_tail absent workload
round_number evidence_sha256 record_sha256
"""


def test_the_names_that_users_rely_on_stay():
    assert set(RELIED_ON.split()) - set(KINDS) == set()


def test_a_new_field_of_the_schema_is_a_new_column_without_another_edit():
    """Also where its name is taken by a column that is there; that one keeps it."""
    schema = json.loads(json.dumps(SCHEMA))
    groups = schema["properties"]
    groups["load"]["properties"]["fans_rpm"] = {"type": ["integer", "null"]}
    groups["provenance"]["properties"]["kernel"] = {"$ref": "#/$defs/seconds"}
    groups["quality"]["properties"]["words"] = {"type": "array", "items": {"type": "string"}}
    of_gpu = groups["load"]["properties"]["gpus"]["items"]["properties"]
    of_gpu["fans"] = {"type": "object", "properties": {"rpm": {"type": "integer"}}}
    groups["weather"] = {"type": "object", "properties": {"rain": {"type": "boolean"}}}
    columns = {column.name: column for column in derive(schema)}
    new = {name: columns[name].kind for name in columns if name not in KINDS}
    assert new == {
        "fans_rpm": "integer",
        "provenance_kernel": "number",
        "quality_words": "json",
        "gpu_fans": "json",
        "rain": "json",
    }
    assert [name for name in KINDS if name not in columns] == []
    assert columns["kernel"].place == ("machine", "kernel")
    item = record(device="gpu", gpus=["A", "B"])
    item["provenance"]["kernel"], item["weather"] = 2.5, {"rain": True}
    item["load"]["gpus"][0]["fans"] = {"rpm": 900}
    values = {name: columns[name].of(item) for name in new}
    assert values["provenance_kernel"] == 2.5 and values["rain"] is True
    assert values["gpu_fans"] == [{"rpm": 900}, None] and values["fans_rpm"] is None


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SECONDS = st.none() | st.floats(0, 1e9)


@settings(max_examples=150, deadline=None)
@example("progress\r100 %\r\n", ["\r", 'a,b\n"c"'], None, None, None)
@given(
    reason=st.none() | WORDS,
    tail=st.lists(WORDS | st.text(string.printable), max_size=3),
    seconds=SECONDS,
    epochs=st.none() | st.lists(st.floats(0, 1e9), max_size=5),
    count=st.none() | st.integers(0, 2**60),
)
def test_what_goes_into_the_table_comes_out_again(
    tmp_path_factory, reason, tail, seconds, epochs, count
):
    item = record()
    item["status"]["reason"] = reason
    item["status"]["log_tail"] = tail
    item["times"]["train_s"] = seconds
    item["times"]["epochs_s"] = epochs
    item["load"]["peak_memory_host_bytes"] = count
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    row = flatten(item)
    write_text(path, to_csv([row, row]))
    if reason:  # a carriage return is the one thing that may come out as a line end
        row["reason"] = reason.replace("\r\n", "\n").replace("\r", "\n")
    assert read_rows(path) == [row, row]


def test_a_record_of_version_1_has_a_row_like_any_other():
    row, new = flatten(lift(record_1())), flatten(record())
    assert row["contract"] == 1 and new["contract"] == 2
    for name in ("protocol", "quality", "quality_low_95", "quality_more", "workload", "train_s"):
        assert row[name] == new[name] is not None, name
    assert row["quality_metric"] == "error_rate" and row["quality_more"] == {"errors": 20}
    assert row["evidence_sha256"] is None and row["round_number"] is None


def test_a_protocol_of_any_keys_has_its_column(tmp_path):
    protocol = {"leaves": 31, "objective": "binary", "bagging": True, "rate": 0.1}
    path = tmp_path / "runs.csv"
    write_text(path, to_csv([flatten(record(protocol=protocol))]))
    assert read_rows(path)[0]["protocol"] == protocol
