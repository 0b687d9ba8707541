"""matplotlib, imported without what a user, a shell or a folder has set for it.

Its own defaults are what figures are drawn with: a matplotlibrc in the current directory would
give another font or size, an MPLBACKEND that is none keeps it from being imported at all.
"""

import contextlib
import os
import tempfile

#: What matplotlib reads when it is imported:
#: https://matplotlib.org/stable/install/environment_variables_faq.html
VARIABLES = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}


@contextlib.contextmanager
def nobodys():
    """Inside, no variable and no file of the current directory says how figures look."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    try:
        home = os.getcwd()
    except OSError:  # it was removed
        home = None
    with tempfile.TemporaryDirectory() as empty:
        os.environ.update(VARIABLES)
        os.chdir(empty)
        try:
            yield
        finally:
            os.chdir(home or os.path.dirname(empty))
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


with nobodys():
    import matplotlib
    from matplotlib import pyplot
    from matplotlib.textpath import TextPath
    from matplotlib.ticker import (
        FuncFormatter,
        LogLocator,
        MaxNLocator,
        MultipleLocator,
        NullLocator,
    )

    matplotlib.use("agg")  # no display is needed, and none is looked for
    matplotlib.rcdefaults()

__all__ = [
    "FuncFormatter",
    "LogLocator",
    "MaxNLocator",
    "MultipleLocator",
    "NullLocator",
    "TextPath",
    "matplotlib",
    "pyplot",
]
