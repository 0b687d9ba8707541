"""The reason why an environment can't be had names the package, the channel or the host."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from installer_messages import read_messages

from benchm.environments import reasons

ALL = read_messages()

FILE = """\
channels: [conda-forge]
dependencies:
  - python=3.11
  - pytorch-cpu=2.13.0
  - pip
  - pip:
      - keras==3.15.1
      - numpy==2.4.6
"""

#: How Snakemake wraps what an installer printed.
WRAPPED = """Creating conda environment /x/envs/pytorch.yaml...
Downloading and installing remote packages.
CreateCondaEnvironmentException:
Could not create conda environment from /x/envs/pytorch.yaml:
Command:
conda env create --quiet --no-default-packages --file "/x/1a2b_.yaml" --prefix "/x/1a2b_"
Output:
{}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("envs") / "pytorch.yaml"
    path.write_text(FILE)
    return path


@pytest.mark.parametrize(
    ("output", "words", "passing"), [case[1:] for case in ALL], ids=[case[0] for case in ALL]
)
def test_what_an_installer_said_is_told_in_one_line(file, output, words, passing):
    reason, tail = reasons.explain(WRAPPED.format(output), 1, file)
    assert all(word in reason for word in words), reason
    assert reason == " ".join(reason.split()) and not reason.endswith(":")
    assert len(reason) <= reasons.WIDTH + 120
    assert "search bar" not in reason and "Pip failed" not in reason
    assert reasons.passes(reason, tail) == passing


@pytest.mark.parametrize("output", [case[1] for case in ALL], ids=[case[0] for case in ALL])
def test_nothing_private_is_told_and_nothing_that_changes_each_time(file, output):
    """The same failure again must be the same reason, and a token is nobody's business."""
    reason, _ = reasons.explain(WRAPPED.format(output), 1, file)
    for secret in ("secret", "tk-1234", "0x7f", "condaenv.", "pip-install-", "00:0"):
        assert secret not in reason


def test_tools_whose_packages_are_missing_have_different_reasons(file):
    text = next(case[1] for case in ALL if case[0] == "packages not found")
    told = {
        reasons.explain(WRAPPED.format(text.replace("pytorch-cpu", name)), 1, file)[0]
        for name in ("pytorch-cpu", "pygpu", "pycuda")
    }
    assert len(told) == 3


def test_the_stand_in_says_its_reason_itself(file):
    log = "error: x\nconda stand-in: package pygpu can only be had with conda\n\n"
    assert reasons.explain(log, 1, file)[0] == "package pygpu can only be had with conda"


@given(st.text(max_size=300))
def test_anything_printed_gives_one_line(output):
    reason, tail = reasons.explain(WRAPPED.format(output), 7)
    assert reason.strip() and len(reason.splitlines()) == 1 and len(tail) <= 20


@given(
    st.lists(st.sampled_from([line for case in ALL for line in case[1].split("\n")]), max_size=12)
)
def test_any_mixture_of_lines_gives_one_line(lines):
    reason, _ = reasons.explain(WRAPPED.format("\n".join(lines)), 7)
    assert reason.strip() and not re.search(r"[\n\r\x1b]", reason)
