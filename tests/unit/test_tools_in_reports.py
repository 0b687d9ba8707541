"""What the programs that report are told of tools."""

import copy

import yaml
from synthetic import ROOT

from benchm import tools_in_reports

SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())


def test_a_tool_without_the_workload_s_adapter_is_named_once():
    config = copy.deepcopy(SHIPPED)
    config["tools"]["pytorch"]["variant"] = "1999"
    assert tools_in_reports.not_offered(config, "quick") == ["pytorch"]
    assert tools_in_reports.order_of(config, "quick")["not_offered"] == ["pytorch"]
    assert "not_offered" not in tools_in_reports.order_of(config)


def test_of_a_kind_that_has_nothing_for_a_workload_the_summary_alone_is_told():
    assert tools_in_reports.not_offered(SHIPPED, "quick") == []
    assert "lightgbm" in tools_in_reports.order_of(SHIPPED, "quick")["without_adapter"]
    assert "lightgbm" not in tools_in_reports.order_of(SHIPPED, "tabular")["without_adapter"]


def test_the_order_of_keys_does_not_matter_to_those_who_report():
    backwards = copy.deepcopy(SHIPPED)
    backwards["tools"] = dict(reversed(backwards["tools"].items()))
    told = tools_in_reports.order_of(backwards, "quick")
    assert told == tools_in_reports.order_of(SHIPPED, "quick")
