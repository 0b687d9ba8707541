"""CUDA's driver, asked through ctypes from inside a tool's process: whatever tool that is.

For gpu_observer; https://docs.nvidia.com/cuda/cuda-driver-api/. Runs on Python 3.6.
"""

import ctypes
import time
import uuid


def load():
    """Return the Driver of this process, or None where there is no CUDA driver."""
    try:
        return Driver(ctypes.CDLL("libcuda.so.1"))
    except OSError:
        return None


class Driver:
    """``library``: libcuda, loaded by ctypes."""

    def __init__(self, library):
        self._library = library
        # CUDA_ERROR_NO_DEVICE where CUDA_VISIBLE_DEVICES hides all.
        self._usable = library.cuInit(0) == 0

    def devices(self):
        """Return the UUIDs of the GPUs that this process sees, as 8-4-4-4-12 digits."""
        return [self._uuid(device) for device in self._handles()]

    def wait(self):
        """Wait until all that was given to the GPUs is done; return the seconds that took.

        None where no GPU has the context that most tools share (CUDA's primary context).
        """
        seconds = None
        for device in self._handles():
            flags, active = ctypes.c_uint(), ctypes.c_int()
            self._call("cuDevicePrimaryCtxGetState", device, _out(flags), _out(active))
            if not active.value:
                continue
            context, last = ctypes.c_void_p(), ctypes.c_void_p()
            self._call("cuDevicePrimaryCtxRetain", _out(context), device)
            self._call("cuCtxPushCurrent_v2", context)
            began = time.perf_counter()
            self._call("cuCtxSynchronize")
            seconds = (seconds or 0.0) + time.perf_counter() - began
            self._call("cuCtxPopCurrent_v2", _out(last))
            self._call("cuDevicePrimaryCtxRelease", device)
        return seconds

    def _handles(self):
        if not self._usable:
            return []
        count = ctypes.c_int()
        self._call("cuDeviceGetCount", _out(count))
        handles = [ctypes.c_int() for _ in range(count.value)]
        for number, handle in enumerate(handles):
            self._call("cuDeviceGet", _out(handle), number)
        return handles

    def _uuid(self, device):
        digits = (ctypes.c_ubyte * 16)()
        # The first version gives a MIG instance the UUID of its GPU; the second came with 11.4.
        newer = hasattr(self._library, "cuDeviceGetUuid_v2")
        self._call("cuDeviceGetUuid_v2" if newer else "cuDeviceGetUuid", _out(digits), device)
        return str(uuid.UUID(bytes=bytes(bytearray(digits))))

    def _call(self, name, *arguments):
        error = getattr(self._library, name)(*arguments)
        if error:
            raise OSError(f"{name}: CUDA error {error}")


def _out(value):
    return ctypes.byref(value)
