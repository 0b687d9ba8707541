"""See from inside an adapter's process what it does with the GPUs; scripts/gpu_check.py looks on.

``contract.run`` takes this job in place of its own when the meter names a file under the key
``observe``. No measurement is made for the archive then. Runs on Python 3.6.
"""

import json
import os
import sys

import cuda_driver
import gpu_precision

import contract


class ObservedJob(contract.Job):
    """A job that writes what it has seen to the file ``observe``, as JSON.

    ``devices``: UUIDs that CUDA shows this process, null without a driver; ``waits``: seconds
    that the GPUs still had to work each time the adapter stopped a clock, null where that can't
    be seen; ``precision``: as ``gpu_precision.experiment`` returns it; ``problem``: why there is
    none, or null.
    """

    def __init__(self, keys, pipe):
        super().__init__(keys, pipe)
        self._waits = []

    def send(self, event, **values):
        """Send one event; at the end of an epoch or a run, wait for the GPUs before."""
        if self.gpus and event in ("epoch_stop", "run_stop"):
            driver = cuda_driver.load()
            self._waits.append(driver.wait() if driver else None)
        super().send(event, **values)

    def finish(self):
        """Write weights and predictions, then what was seen."""
        super().finish()
        driver = cuda_driver.load()
        seen = {"devices": driver.devices() if driver else None, "waits": self._waits}
        seen.update(precision=None, problem=None)
        family = os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0])))
        try:
            seen["precision"] = gpu_precision.experiment(family, bool(self.gpus))
        except Exception as error:  # whatever the tool raises is the answer
            lines = str(error).strip().splitlines() or [""]
            seen["problem"] = f"{type(error).__name__}: {lines[0]}"
        with open(self.observe, "w") as out:
            json.dump(seen, out)
