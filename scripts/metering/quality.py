"""The error rate, computed here for every tool alike from the labels that it predicted."""

import math

import idx

CLASSES = 10
#: Quantile of the standard normal distribution for a two-sided 95 % interval.
Z_95 = 1.959963984540054


class PredictionError(Exception):
    """The predictions can't be used; the message is one line that says why."""


def read_predictions(path, expected):
    """Return the predicted labels: ``expected`` integers from 0 to 9, one a line in the file.

    Raises PredictionError for a file that is missing or holds anything else.
    """
    try:
        with open(path, encoding="ascii") as source:
            lines = source.read().split("\n")
    except FileNotFoundError:
        raise PredictionError("it wrote no predictions") from None
    except UnicodeDecodeError:
        raise PredictionError("its predictions are not text") from None
    if lines and lines[-1] == "":
        lines.pop()
    if len(lines) != expected:
        raise PredictionError(f"it predicted {len(lines)} labels for {expected} test images")
    for number, line in enumerate(lines, start=1):
        if not (line.isdigit() and int(line) < CLASSES):
            raise PredictionError(
                f"line {number} of its predictions is {line[:20]!r}, not a label from 0 to 9"
            )
    return [int(line) for line in lines]


def wilson_interval(errors, n, z=Z_95):
    """Return ``(low, high)``, the Wilson score interval of the rate ``errors / n``.

    Wilson, E. B. (1927): Probable inference, the law of succession, and statistical
    inference. JASA 22 (158), 209-212. https://doi.org/10.1080/01621459.1927.10502953
    """
    if not 0 <= errors <= n or n < 1:
        raise ValueError(f"{errors} errors of {n} is no rate")
    rate = errors / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At 0 and n errors the bounds are 0 and 1 exactly; rounding must not push them past.
    low = 0.0 if errors == 0 else max(0.0, centre - half)
    high = 1.0 if errors == n else min(1.0, centre + half)
    return low, high


def measure(predictions_path, labels_path, n):
    """Return the record's group ``quality`` for the first ``n`` test images."""
    predicted = read_predictions(predictions_path, n)
    true = idx.read_labels(labels_path, n)
    errors = sum(a != b for a, b in zip(predicted, true, strict=True))
    return {
        "errors": errors,
        "n": n,
        "error_rate": errors / n,
        "interval_95": list(wilson_interval(errors, n)),
    }
