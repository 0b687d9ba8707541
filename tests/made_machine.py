"""What measure_machine.py would write of a machine that does not exist."""


def spread(value):
    return {"median": value, "least": 0.9 * value, "largest": 1.1 * value, "times": 7}


FIGURES = [
    f"{kind}_{which}_s" for kind in ("arithmetic", "memory") for which in ("median", "slowest")
]

#: The probe's work, little of it: attributes of ``benchm.metering.probe``.
SMALL_PROBE = {"ROWS": 200, "COPIED": 1 << 20, "TOGETHER": 1 << 18, "EACH": 1 << 18}

A_MACHINE = {
    "schema_version": 1,
    "instance": "local",
    "measured_utc": "2026-11-26T12:00:00Z",
    "cpu_model": "Made-up CPU 3000",
    "cpus": 2,
    "versions": {"python": "3.11.0", "numpy": "2.4.0", "blas": "openblas 0.3"},
    "matrix_gflops": spread(100.0),
    "copy_gbs": spread(10.0),
    "probe": {
        "probes": 12,
        "share": 0.01,
        "log_ratio": dict.fromkeys(FIGURES, 0.1),
        "largest": dict.fromkeys(FIGURES, 0.02),
    },
    "gpu": None,
    "gpu_absent": "there is no GPU",
}

A_GPU = {
    "name": "Made-up GPU",
    "torch": "2.9.1",
    "launch_s": spread(5e-6),
    "graph_launch_s": spread(1e-6),
    "matrix_gflops": spread(50_000.0),
    "copy_gbs": spread(3000.0),
}
