"""NVIDIA's management library, read through pynvml, the module of the package nvidia-ml-py.

https://docs.nvidia.com/deploy/nvml-api/ says what its numbers mean:

* utilisation: the share of time (%) in which at least one kernel was running, averaged by NVML
  itself over the last 1/6 s (1 s on some products). One small kernel after the other makes
  100 %: it says how seldom the GPU was idle, not how much of it was at work. Not for MIG.
* memory: what is taken on the whole GPU or MIG instance, by whomever. Most frameworks never
  give back what they once took.
* power: of the whole board, W; a mean over 1 s on most GPUs since Ampere, else of the moment.
* energy: a counter of the whole board since its driver was loaded, from Volta on.
* SM clock, throttle reasons: of the moment; a MIG instance has those of its GPU.
"""

#: Errors that only mean "not this question": invalid argument, not supported, no permission,
#: not found, function not found, argument version mismatch. After any other NVML is not to be
#: relied on: GPU is lost, unknown error, timeout ...
_HARMLESS = {2, 3, 4, 6, 13, 25}

#: What pynvml raises in place of "function not found" for functions that have several versions.
_OLDER_DRIVER = "NVMLLibraryMismatchError"

_SM = 1  # NVML_CLOCK_SM

COMPUTE_MODES = ("default", "exclusive_thread", "prohibited", "exclusive_process")

#: Bits of nvmlDeviceGetCurrentClocksEventReasons.
THROTTLE_REASONS = {
    0x1: "idle",
    0x2: "application clocks",
    0x4: "software power cap",
    0x8: "hardware slowdown",
    0x10: "sync boost",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
    0x100: "display clocks",
}


class NvmlError(Exception):
    """NVML has no answer; the message says why in a few words."""


class NotTold(NvmlError):
    """This GPU, driver or user does not get an answer to this question; others are answered."""


class Failed(NvmlError):
    """NVML or the GPU has broken down."""


class Nvml:
    """The library, once it is initialised. ``hung``: why it is not to be asked again, or None."""

    def __init__(self, module):
        self._module = module
        self.hung = None

    def ask(self, function, *arguments):
        """Return what ``nvml<function>`` returns, text always as str. Raises NvmlError."""
        if self.hung:
            raise Failed(self.hung)
        call = getattr(self._module, f"nvml{function}", None)
        if call is None:
            raise NotTold(f"this version of pynvml has no nvml{function}")
        try:
            value = call(*arguments)
        # Not NVMLError alone: on a driver that it does not know the binding raises others too.
        except Exception as error:
            older = type(error).__name__ == _OLDER_DRIVER
            harmless = older or getattr(error, "value", None) in _HARMLESS
            words = f"the driver is too old for nvml{function}" if older else error
            raise (NotTold if harmless else Failed)(f"NVML: {words}") from None
        return value.decode() if isinstance(value, bytes) else value

    def cuda_version(self):
        """Return the newest CUDA that the driver speaks, e.g. "12.8". Raises NvmlError."""
        number = self.ask("SystemGetCudaDriverVersion_v2")
        return f"{number // 1000}.{number % 1000 // 10}"

    def devices(self):
        """Return the GPUs of this machine, a list of Device, in the order of the PCI bus.

        Those that this user may not use (a job's container, a control group) are left out, as
        CUDA does. Raises NvmlError.
        """
        found = []
        for index in range(self.ask("DeviceGetCount")):
            try:
                found.append(Device(self, self.ask("DeviceGetHandleByIndex", index)))
            except NotTold:
                continue
        return found


def told(question, *arguments):
    """Return the answer of ``question(*arguments)``, or None when there is none."""
    try:
        return question(*arguments)
    except NvmlError:
        return None


class Device:
    """One GPU, or one instance of a GPU that is divided (MIG). All methods raise NvmlError.

    ``uuid``: CUDA's name for it, whatever the order in which it counts; ``name``: the model;
    ``whole``: the Device that a MIG instance is a part of, else None; ``instances``: the MIG
    instances of a GPU that is divided, None of one that is not.
    """

    def __init__(self, nvml, handle, whole=None):
        self._nvml = nvml
        self._handle = handle
        self.whole = whole
        self._board = whole._handle if whole else handle
        self.uuid = self._of_this("DeviceGetUUID")
        self.name = told(self._of_this, "DeviceGetName") or "unknown"
        self.instances = None if whole else self._instances()

    def _of_this(self, function, *arguments):
        return self._nvml.ask(function, self._handle, *arguments)

    def _of_board(self, function, *arguments):
        return self._nvml.ask(function, self._board, *arguments)

    def _not_of_an_instance(self, what):
        if self.whole:
            raise NotTold(f"NVML has the {what} of whole GPUs only, not of a MIG instance")

    def _instances(self):
        mode = told(self._of_this, "DeviceGetMigMode")
        if not mode or not mode[0]:
            return None
        found = []
        for index in range(told(self._of_this, "DeviceGetMaxMigDeviceCount") or 0):
            handle = told(self._of_this, "DeviceGetMigDeviceHandleByIndex", index)
            if handle is not None:  # there are gaps
                found.append(Device(self._nvml, handle, self))
        return found

    def ids(self):
        """Return the names by which CUDA_VISIBLE_DEVICES may call it."""
        if not self.whole:
            return [self.uuid]
        gpu = told(self._of_this, "DeviceGetGpuInstanceId")
        compute = told(self._of_this, "DeviceGetComputeInstanceId")
        # As drivers before 470 named them, and newer ones still understand.
        return [self.uuid, f"MIG-{self.whole.uuid}/{gpu}/{compute}"]

    # -- what changes -------------------------------------------------------------------

    def load_percent(self):
        """Share of time with a kernel running, %."""
        self._not_of_an_instance("load")
        return self._of_this("DeviceGetUtilizationRates").gpu

    def memory_bytes(self):
        """Bytes taken now, by whomever."""
        return self._of_this("DeviceGetMemoryInfo").used

    def watts(self):
        """Power now, W."""
        self._not_of_an_instance("power")
        return self._of_this("DeviceGetPowerUsage") / 1000

    def sm_clock_mhz(self):
        """Clock of the multiprocessors now, MHz."""
        return self._of_board("DeviceGetClockInfo", _SM)

    def throttle_mask(self):
        """Why the clocks are not higher now: bits of THROTTLE_REASONS."""
        try:
            return self._of_board("DeviceGetCurrentClocksEventReasons")
        except NotTold:  # its name before driver 535
            return self._of_board("DeviceGetCurrentClocksThrottleReasons")

    def energy_joules(self):
        """Counter of energy, J."""
        self._not_of_an_instance("energy")
        return self._of_this("DeviceGetTotalEnergyConsumption") / 1000

    def processes(self):
        """Return the processes that hold a context on it: id -> bytes, None where not told.

        Ids are those of the driver's process namespace, which a container may not share.
        """
        found = self._running("Compute") + (told(self._running, "Graphics") or [])
        result = {}
        for process in found:
            known = [result.get(process.pid), process.usedGpuMemory]
            result[process.pid] = max((b for b in known if b is not None), default=None)
        return result

    def _running(self, kind):
        try:
            return self._of_this(f"DeviceGet{kind}RunningProcesses")
        except NotTold:  # drivers before 510, the last for Kepler (K80) among them
            return self._of_this(f"DeviceGet{kind}RunningProcesses_v2")

    # -- what does not ------------------------------------------------------------------

    def compute_mode(self):
        """Who may use it: a word of COMPUTE_MODES."""
        mode = self._of_board("DeviceGetComputeMode")
        if mode not in range(len(COMPUTE_MODES)):
            raise NotTold(f"compute mode {mode} is not known")
        return COMPUTE_MODES[mode]

    def facts(self):
        """Return what there is to know of it, for the record; None for what is not told."""
        capability = told(self._of_board, "DeviceGetCudaComputeCapability")
        memory = told(self._of_this, "DeviceGetMemoryInfo")
        limit = told(self._of_board, "DeviceGetEnforcedPowerLimit")
        persistence = told(self._of_board, "DeviceGetPersistenceMode")
        return {
            "uuid": self.uuid,
            "memory_bytes": None if memory is None else memory.total,
            "compute_capability": None if capability is None else "{}.{}".format(*capability),
            "max_sm_clock_mhz": told(self._of_board, "DeviceGetMaxClockInfo", _SM),
            "power_limit_watts": None if limit is None else limit / 1000,
            "mig": self.whole is not None,
            "persistence_mode": None if persistence is None else bool(persistence),
            "compute_mode": told(self.compute_mode),
        }


def throttle_words(mask):
    """Return the reasons in a mask, in words; bits without a name as hexadecimal numbers."""
    bits = [1 << bit for bit in range(64) if mask >> bit & 1]
    return [THROTTLE_REASONS.get(bit, f"0x{bit:x}") for bit in bits]
