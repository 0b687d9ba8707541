"""What the programs that report are told of tools, instances and a study's workload."""

from . import adapters, configuration, kinds, workloads


def not_offered(config, study):
    """Return the ids of the tools that are run but have no adapter for a study's workload.

    Of a kind without any tool that has one the workload is no business.
    """
    entries, without = config["tools"], without_adapter(config, study)
    run = configuration.tools_to_run(config)
    offering = {kinds.of(entries[tool]) for tool in run if tool not in without}
    return [tool for tool in without if kinds.of(entries[tool]) in offering]


def without_adapter(config, study):
    """Return the same of tools of all kinds."""
    workload, entries = config["studies"][study]["workload"], config["tools"]
    run = configuration.tools_to_run(config)
    return [tool for tool in run if adapters.leaf_of(entries[tool], workload) is None]


def order_of(config, study=None):
    """Return what the programs that report are told of tools and instances, a dict.

    ``study``: its name, for what is said of that study alone. benchm/reporting/order.py says
    what each key means.
    """
    tools = [
        {"id": tool, "name": entry["name"]}
        | {key: entry[key] for key in ("variant_of", "deviation", "kind") if key in entry}
        for tool, entry in config["tools"].items()
    ]
    # The order of tools in the file is only the order of running; tables sort for themselves.
    tools.sort(key=lambda tool: tool["id"])
    order = {"tools": tools, "baseline": config["baseline"]}
    order |= {key: config[key] for key in ("baselines", "reference") if key in config}
    order["instances"] = {
        # What a cluster is asked for is nothing to report.
        name: {key: value for key, value in (about or {}).items() if key != "memory_mb"}
        for name, about in config["instances"].items()
    }
    if study in config["studies"]:
        data_set = config["studies"][study]["data_set"]
        workload = workloads.load(config["studies"][study]["workload"]).on(data_set)
        keys = ("name", "title", "description", "parameters", "flop_per_sample")
        keys += ("bytes_per_sample", "kernels_per_step")
        order["workload"] = {key: getattr(workload, key) for key in keys}
        order["workload"] |= {
            "margin": workload.margin_on(data_set),
            "chance": workload.chance_on(data_set),
        }
        order["not_offered"] = sorted(not_offered(config, study))
        order["without_adapter"] = sorted(without_adapter(config, study))
        order["version"] = config["studies"][study].get("version", 1)
        if "series" in config["studies"][study]:
            order["series"] = config["studies"][study]["series"]
    return order
