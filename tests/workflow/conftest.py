import pytest

from workflow.project import Project


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A project that has run everything once: each worker makes one, and tests copy it."""
    project = Project(tmp_path_factory.mktemp("template") / "project")
    project.finish()
    return project
