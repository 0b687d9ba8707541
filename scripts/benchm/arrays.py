"""Arrays in safetensors files, as adapters and the meter hand them to each other.

Format: https://github.com/huggingface/safetensors, "Format": the length of a JSON header (8 bytes,
little-endian), the header, raw little-endian values. Read here with bounds on everything, because
what an adapter writes is data of unknown kind; written here for adapters to read.
"""

import json
import math
import os
import stat
import struct

import numpy as np

#: safetensors' names of types, and NumPy's.
TYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}
_CODES = {np.dtype(name): code for code, name in TYPES.items()}

#: Bytes that a header may have: some hundred bytes for each of a thousand arrays.
LONGEST_HEADER = 1 << 20
#: Axes that an array may have.
MOST_AXES = 8


class ArraysError(Exception):
    """The file can't be used; the message is one line that says why, without its path."""


def write(path, arrays):
    """Write ``arrays`` (name to array) to ``path``. Raises OSError, and KeyError for other types.

    Not atomic: it is for files of one run, in its scratch directory.
    """
    header, chunks, end = {}, [], 0
    for name in sorted(arrays):
        values = np.asarray(arrays[name])
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        chunk = values.tobytes()
        header[name] = {
            "dtype": _CODES[values.dtype],
            "shape": list(values.shape),
            "data_offsets": [end, end + len(chunk)],
        }
        chunks.append(chunk)
        end += len(chunk)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        out.writelines(chunks)


def read(path, most_bytes):
    """Return the arrays of a file, a dict by name; arrays may be written to.

    ``most_bytes``: what all values together may take. Raises ArraysError for anything but a
    regular file of this format within its bounds.
    """
    try:
        # Not blocking, or a FIFO in the file's place would hang its reader.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise ArraysError("there is no such file") from None
    except OSError as error:
        raise ArraysError(error.strerror) from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ArraysError("it is no regular file")
        if about.st_size > 8 + LONGEST_HEADER + most_bytes:
            raise ArraysError(f"it has {about.st_size} bytes, at most {most_bytes} were expected")
        with open(descriptor, "rb", closefd=False) as source:
            content = source.read()
    finally:
        os.close(descriptor)
    return _parse(content)


def _parse(content):
    if len(content) < 8:
        raise ArraysError("it ends before its header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > min(LONGEST_HEADER, len(content) - 8):
        raise ArraysError(f"its header would have {length} bytes")
    try:
        header = json.loads(content[8 : 8 + length].decode())
    except (ValueError, RecursionError):
        raise ArraysError("its header is no JSON") from None
    if not isinstance(header, dict):
        raise ArraysError("its header is no object")
    values = memoryview(content)[8 + length :]
    header.pop("__metadata__", None)
    return {name: _array(name, about, values) for name, about in header.items()}


def _array(name, about, values):
    shown = repr(name[:60])
    try:
        kind, shape = TYPES[about["dtype"]], about["shape"]
        start, stop = about["data_offsets"]
        whole = [*shape, start, stop]
    except (KeyError, TypeError, ValueError):
        raise ArraysError(f"its header does not describe {shown}") from None
    if any(type(number) is not int or number < 0 for number in whole) or len(shape) > MOST_AXES:
        raise ArraysError(f"the shape or place of {shown} is impossible")
    if stop - start != math.prod(shape) * np.dtype(kind).itemsize or stop > len(values):
        raise ArraysError(f"the values of {shown} do not fill its shape {tuple(shape)}")
    array = np.frombuffer(values[start:stop], kind).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="))  # a copy
