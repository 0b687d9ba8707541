"""The report's sections on the machines and on where every run comes from."""

from ..files import one_line
from . import text
from .notes import BUILDERS


def machines(runs):
    """The machines that the runs were made on, with the dates."""
    groups, identities = {}, {}
    for run in runs:
        if not run.published:
            # A new kernel or fewer allowed CPUs make another row, but not another machine.
            identity = (run["cpu_model"], run["cores_logical"], str(run["machine_gpus"]))
            identities.setdefault(run.instance, set()).add(identity)
            gpus = ", ".join(dict.fromkeys(run["machine_gpus"] or [])) or "none"
            count = len(run["machine_gpus"] or [])
            hardware = (
                run.instance,
                run["cpu_model"] or "",
                text.whole(run["cores_allowed"]),
                f"{run['memory_bytes'] / 1e9:.0f} GB" if run["memory_bytes"] else "",
                f"{count} × {gpus}" if count else gpus,
                " ".join(filter(None, [run["system"], run["kernel"]])),
            )
            groups.setdefault(hardware, []).append(run["started_utc"] or "")
    if not groups:
        return ""
    header = ["Instance", "Processor", "Logical CPUs", "Memory", "GPU", "System", "Measured (UTC)"]
    rows = [[*hardware, period(times)] for hardware, times in groups.items()]
    warning = ""
    twice = sorted(name for name, found in identities.items() if len(found) > 1)
    if twice:
        warning = (
            f"\n\n**Runs of {', '.join(map(text.code, twice))} were not all made on the "
            "same machine: their times don't compare.**"
        )
    return "## Machine\n\n" + text.markdown_table(header, rows, left=len(header)) + warning


def period(times):
    """From the first to the last start, to the minute."""
    first, last = (time[:16].replace("T", " ") for time in (min(times), max(times)))
    if first == last:
        return first
    return f"{first} to {last[11:] if last[:10] == first[:10] else last}"


def provenance(runs):
    """A row for each run: what ran, from what, when."""
    measured = [run for run in runs if not run.published]
    header = ["Run", "Outcome", "Interpreter", "Versions", "As the tool reports", "Environment"]
    header += ["Installed", "Adapter", "Contract", "Started (UTC)", "Attempt", "GPU libraries"]
    rows = [
        [
            f"{run.instance}/{run.device.name}/{run.tool}/{run.repeat}",
            run.outcome,
            run["interpreter"] or "",
            ", ".join(
                f"{name} {one_line(version, 80)}" for name, version in _items(run["versions"])
            ),
            ", ".join(
                f"{name} {one_line(_plain(value), 200)}" for name, value in _items(run["facts"])
            ),
            _short(run["environment_file_sha256"]),
            _short(run["environment_installed_sha256"]),
            _short(run["adapter_sha256"]),
            text.whole(run.contract),
            run["started_utc"] or "",
            text.whole(run["attempt"]),
            _gpu_libraries(run),
        ]
        for run in measured
    ]
    if not any(row[-1] for row in rows):  # no GPU was used
        header, rows = header[:-1], [row[:-1] for row in rows]
    parts = ["## Provenance"]
    if rows:
        parts += [
            text.markdown_table(header, rows, left=len(header)),
            "Environment, Installed, Adapter: the first 12 digits of the SHA-256 of the "
            "environment's file, of the list of packages really installed, and of the adapter."
            + _built(measured),
        ]
    origins = sorted({run["origin"] or "unknown" for run in runs if run.published})
    if origins:
        parts.append(f"Published rows come from: {text.cell_text('; '.join(origins))}.")
    versions = sorted({run["project_version"] for run in measured if run["project_version"]})
    if versions:
        parts.append(f"Measured with benchm-dl {text.cell_text(', '.join(versions))}.")
    return "\n\n".join(parts)


def _gpu_libraries(run):
    """Versions of the driver and of CUDA's libraries, '' for a run that used no GPU."""
    if not run.ok or not run.device.is_gpu:
        return ""
    driver = {"driver": run["driver"], "driver's CUDA": run["cuda_driver"], "NVML": run["nvml"]}
    known = [(name, version) for name, version in driver.items() if version]
    found = [*known, *_items(run["gpu_libraries"])]
    return ", ".join(f"{name} {one_line(version, 50)}" for name, version in found)


def _items(mapping):
    return sorted((mapping or {}).items())


def _plain(value):
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _short(digest):
    return digest[:12] if digest else ""


def _built(runs):
    """Who built the environments, in words."""
    builders = {run["environment_source"] for run in runs} & set(BUILDERS)
    if not builders:
        return ""
    return f" Environments were built by {' and '.join(BUILDERS[key] for key in sorted(builders))}."
