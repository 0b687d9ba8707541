"""In R, too, a card's training set is another one until the clock starts."""

import numpy as np
from r_adapters import make_keys, run_in_r

from benchm import arrays


def test_a_card_s_training_set_is_another_one_until_the_clock_starts(rscript, tmp_path):
    truth = {"inputs": np.arange(8, dtype=np.uint8).reshape(4, 2), "targets": np.arange(4)}
    truth["targets"] = truth["targets"].astype(np.uint8)
    decoys = {name: values + np.uint8(100) for name, values in truth.items()}
    arrays.write(str(tmp_path / "train.safetensors"), truth)
    arrays.write(str(tmp_path / "decoys.safetensors"), decoys)
    code = """
    main <- function(job) {
      data <- training_set(job)
      cat(data$inputs[2, ], data$targets, "\n")
      early <- data$targets
      timed_run(job, cat(data$inputs[2, ], data$targets, early, "\n"))
    }
    run_adapter(main, list(stats = "1"))
    """
    keys = make_keys(tmp_path, decoys=str(tmp_path / "decoys.safetensors"))
    done = run_in_r(rscript, tmp_path, code, keys)
    assert done.returncode == 0, done.stderr
    before, after = (list(map(int, line.split())) for line in done.stdout.splitlines())
    assert before == [102, 103, 100, 101, 102, 103]
    assert after == [2, 3, 0, 1, 2, 3, 100, 101, 102, 103]
