"""Fixtures of several files of these tests."""

import pytest

from benchm import metrics

AUC = '''
"""The area under the curve, as a workload to come may have it."""
TITLE = "AUC"
BETTER = "higher"
PERCENT = False
INTERVAL = "made up"
'''


@pytest.fixture
def drawn(monkeypatch):
    """All figures that are made, in the order of drawing, left open to be looked at."""
    from matplotlib import pyplot  # few of these tests draw

    figures = []
    monkeypatch.setattr(pyplot, "close", figures.append)
    yield figures
    monkeypatch.undo()
    for figure in figures:
        pyplot.close(figure)


@pytest.fixture
def auc(tmp_path_factory, monkeypatch):
    """A metric that is one file: a number, not a percentage, of which more is better."""
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "auc.py").write_text(AUC)
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(folder)])
    metrics.describe.cache_clear()
    yield "auc"
    metrics.describe.cache_clear()
