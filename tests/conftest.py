import pytest

from meter_runs import Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
