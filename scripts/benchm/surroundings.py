"""What a caller's shell says that shall have no say here.

The programs call ``clear`` first, rules/common.smk does for plain Snakemake: what they start then
finds no setting of the shell, of Python or of pip that leads it to other packages. The measured
tool's own variables are built anew from a list (metering/environment.py).
"""

import importlib.util
import os
import site
from pathlib import Path

from . import paths
from .standin import Refused, pip_configuration

#: What may stay of Python's variables: none of these changes what a program does. PYTHONPATH,
#: because whoever sets it may need it for the very Python that runs this.
_HARMLESS = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX")
#: Files that bash reads first, its options, and where its `cd` looks.
_SHELL = ("BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "CDPATH", "POSIXLY_CORRECT")


def clear(environ=os.environ):
    """Take out of ``environ``, in place, what a shell sets for others than this project."""
    for name in list(environ):
        if name in _SHELL or (name.startswith("PYTHON") and name not in _HARMLESS):
            del environ[name]
    if not _uses_user_site():
        environ["PYTHONNOUSERSITE"] = "1"
    paths.clear_temporary(environ)
    try:
        told = pip_configuration.variables(environ)
    except Refused:
        return  # whoever installs something reads the broken file again, and says so
    for name in [name for name in environ if name.startswith("PIP_")]:
        del environ[name]
    environ.update(told)


def clear_snakemake(environ):
    """Take out of ``environ`` the settings of other workflows.

    SNAKEMAKE_CONDA_PREFIX, say, would have all environments built a second time elsewhere.
    """
    for name in [name for name in environ if name.startswith("SNAKEMAKE_")]:
        del environ[name]


def _uses_user_site():
    """Whether the Python that runs this has its packages in the user's own folder."""
    found = importlib.util.find_spec("psutil") or importlib.util.find_spec("yaml")
    if not (found and found.origin and site.ENABLE_USER_SITE):
        return False
    return Path(found.origin).is_relative_to(site.getusersitepackages())
