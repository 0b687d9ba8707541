"""What a cluster is asked for, cell by cell."""

from three_tools import PYTORCH, configured

from benchm import tools_in_reports
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here


def test_a_cluster_is_asked_for_what_the_instance_and_the_study_say(tmp_path, monkeypatch):
    config = configured()
    monkeypatch.chdir(tmp_path)
    jobs = CellJobs(config, "quick", Here(cpus=4, gpus=0, is_cluster=True))
    assert jobs.memory_mb(PYTORCH) > 2435  # what the largest tool has needed
    reported = tools_in_reports.order_of(config, "quick")
    config["instances"]["local"] = {"memory_mb": 64000}
    assert jobs.memory_mb(PYTORCH) == 64000
    assert tools_in_reports.order_of(config, "quick") == reported  # nothing is made anew for it
    config["studies"]["quick"]["time_limit"] = 3600
    # Where the limit is reached, the meter still has to say so.
    # A run that is disturbed twice is made three times in the same job.
    assert 3 * 3600 / 60 + 10 <= jobs.minutes(PYTORCH) <= 3 * 80
    assert jobs.card_minutes(PYTORCH) >= 900 / 60 + 10
