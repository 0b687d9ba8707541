"""An environment that is to be replaced is put aside, and brought back if its successor fails.

An environment works only where it was made, so its successor must be made in the same place.
"""

import contextlib
import shutil

from .status import is_whole

#: What Snakemake keeps beside an environment, in the order in which it is moved. The mark of a
#: finished one comes last: without it the place is not taken for finished.
_BESIDE = ("", ".post-deploy.sh", ".yaml", ".env_setup_done")


class Aside:
    """What was put aside of environments below ``prefix``: each in a folder of its own name."""

    def __init__(self, prefix):
        self.prefix, self.folder = prefix, prefix / "aside"

    def put(self, directory):
        """Move the environment ``directory`` and what belongs to it aside."""
        place = self.folder / directory.name
        place.mkdir(parents=True, exist_ok=True)
        for item in _items(directory):
            if item.exists() or item.is_symlink():
                item.rename(place / item.name)

    def settle(self, directories=None):
        """Bring back what has no finished successor, and drop the rest.

        ``directories``: of which environments; of all by default. Also after this program was
        killed: whatever had been moved by then goes on from there.
        """
        if directories is None:
            directories = [self.prefix / place.name for place in self.folder.glob("*")]
        for directory in directories:
            place = self.folder / directory.name
            if not is_whole(directory):
                for item in _items(directory):
                    kept = place / item.name
                    if kept.exists() or kept.is_symlink():
                        _remove(item)
                        kept.rename(item)
            shutil.rmtree(place, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # unless there is more in it


def _items(directory):
    return [directory.with_name(directory.name + ending) for ending in _BESIDE]


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
