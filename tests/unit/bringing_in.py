"""Records of another machine, and what bringing them in leaves here."""

import json

import synthetic
import yaml

import import_records
from benchm import project

CONFIG = yaml.safe_load((project.ROOT / "config.yaml").read_text())
QUICK = {
    key: value
    for key, value in CONFIG["studies"]["quick"].items()
    if key not in ("rounds", "time_limit", "version")
}


def made(record=synthetic.record, **keys):
    """Return a record of study quick as config.yaml has it, from another machine.

    ``record``: what makes it, in which version.
    """
    keys = {"tool": "pytorch", "instance": "their-box"} | keys
    study = {key: value for key, value in QUICK.items() if key != "seed"}
    item = record(**study | keys)
    item["study"]["seed"] = QUICK["seed"] + item["cell"]["repeat"]
    return item


def bring(place, records, *options):
    """Bring in a directory of ``records`` (or texts); return the exit code and the files here."""
    (place / "from").mkdir(exist_ok=True)
    for number, item in enumerate(records):
        text = item if isinstance(item, str) else json.dumps(item)
        (place / "from" / f"{number}.json").write_text(text)
    results = place / "results"
    code = import_records.main(["--from", str(place / "from"), "--results", str(results), *options])
    return code, sorted(str(p.relative_to(results)) for p in results.rglob("*.json"))
