"""Fixtures of several files of these tests."""

import pytest
import three_tools

from benchm import metrics

AREA = '''
"""An area under a curve, without a formula for its interval."""
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
    (folder / "made_up_area.py").write_text(AREA)
    monkeypatch.setattr(metrics, "__path__", [*metrics.__path__, str(folder)])
    metrics.describe.cache_clear()
    yield "made_up_area"
    metrics.describe.cache_clear()


@pytest.fixture
def config():
    """Study quick with three tools, as configured."""
    return three_tools.configured()


@pytest.fixture
def cpu_only(config, tmp_path, monkeypatch):
    """Its jobs on a machine with 4 CPUs, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return three_tools.on_four_cpus(config)
