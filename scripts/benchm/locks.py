"""Locks on files, where the file system has any: some network file systems have none."""

import errno
import fcntl

#: What a file system without locks answers.
_NONE_TO_BE_HAD = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def take(file, wait=True):
    """Lock the open ``file`` until it is closed; return False where there are no locks.

    ``wait``: for whoever holds it; else BlockingIOError is raised. Raises OSError.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno in _NONE_TO_BE_HAD:
            return False
        raise
    return True
