"""Run an adapter of PyTorch under its own profiler; started by distance_from_limit.py.

    python profiled_pytorch.py ADAPTER OUT job.json

In the tool's environment. OUT gets JSON: seconds by operator, each without those that it calls,
and how often it was called.
"""

import json
import runpy
import sys
from pathlib import Path

from torch.profiler import ProfilerActivity, profile


def main():
    adapter, out, job = sys.argv[1:]
    sys.argv = [adapter, job]
    sys.path.insert(0, str(Path(adapter).parent))
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        runpy.run_path(adapter, run_name="__main__")
    found = {
        each.key: {"seconds": each.self_cpu_time_total / 1e6, "calls": each.count}
        for each in seen.key_averages()
    }
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
