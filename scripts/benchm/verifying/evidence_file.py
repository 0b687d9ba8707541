"""Reading the evidence of a run, a file that may come from anyone."""

import io
import math
import zipfile

import numpy as np

#: Bytes that a header of an array may have, with what stands before it.
LONGEST_HEADER = 1 << 12
#: Bytes of one number, at most.
WIDEST = 8
#: Bytes that the file may have for each byte that it may hold: DEFLATE's own overhead.
SLACK = 1.01


class EvidenceError(Exception):
    """The file can't be used; the message is one line that says why, without its path."""


def read(content, expected):
    """Return the arrays in the bytes of an .npz, a dict by name.

    ``expected``: the names that it may hold, and how many numbers each may have at most. Nothing
    is unpacked beyond that, and nothing is unpickled. An array that is expected and not there
    is left out. Raises EvidenceError.
    """
    room = sum(LONGEST_HEADER + WIDEST * numbers for numbers in expected.values())
    if len(content) > SLACK * room + (1 << 16):
        raise EvidenceError(f"it has {len(content)} bytes, at most {room} were expected")
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist()[: 2 * len(expected) + 1]:
                name = member.filename.removesuffix(".npy")
                if name not in expected:
                    raise EvidenceError(f"it holds {_shown(name)}, which is not the workload's")
                if name in arrays:
                    raise EvidenceError(f"it holds {_shown(name)} twice")
                arrays[name] = _array(archive, member, name, expected[name])
    # zlib.error and struct.error among them: what a broken archive raises has many names.
    except EvidenceError:
        raise
    except Exception as error:
        raise EvidenceError(f"it is no .npz that can be read: {type(error).__name__}") from None
    return arrays


def _array(archive, member, name, numbers):
    most = LONGEST_HEADER + WIDEST * numbers
    with archive.open(member) as source:
        content = source.read(most + 1)
    if len(content) > most:
        raise EvidenceError(f"{_shown(name)} has more than {numbers} numbers")
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, fortran, dtype = header(stream, max_header_size=LONGEST_HEADER)
    if dtype.kind not in "fiub" or dtype.itemsize > WIDEST:
        raise EvidenceError(f"{_shown(name)} holds no numbers but {_shown(str(dtype))}")
    values = content[stream.tell() :]
    if len(values) != math.prod(shape) * dtype.itemsize:
        raise EvidenceError(f"the values of {_shown(name)} do not fill its shape")
    array = np.frombuffer(values, dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="))


def _shown(name):
    return ascii(name[:60])
