"""Which of CUDA's libraries a process has loaded: they say it themselves, or their files do."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gpu_libraries
import pytest

from benchm import project
from benchm.metering import measure


class Fake:
    """A library that answers as CUDA's do."""

    def __init__(self, runtime=None, cudnn=None, cublas=None, nccl=None):
        if cudnn is not None:
            self.cudnnGetVersion = Function(lambda: cudnn)
        if runtime is not None:
            self.cudaRuntimeGetVersion = Function(lambda out: put(out, runtime))
        if nccl is not None:
            self.ncclGetVersion = Function(lambda out: put(out, nccl))
        if cublas is not None:
            self.cublasGetProperty = Function(lambda part, out: put(out, cublas[part]))


class Function:
    def __init__(self, body):
        self.body, self.restype = body, None

    def __call__(self, *arguments):
        return self.body(*arguments)


def put(out, value):
    if value < 0:
        return 1  # an error of CUDA's
    out._obj.value = value
    return 0


MAPS = """\
7f00-7f01 r-xp 0 08:01 1  /env/nvidia/cuda_runtime/lib/libcudart.so.12
7f01-7f02 r-xp 0 08:01 2  /env/nvidia/cudnn/lib/libcudnn.so.9
7f01-7f02 rw-p 0 08:01 2  /env/nvidia/cudnn/lib/libcudnn.so.9
7f02-7f03 r-xp 0 08:01 3  /env/nvidia/cudnn/lib/libcudnn_ops.so.9
7f03-7f04 r-xp 0 08:01 4  /env/nvidia/cublas/lib/libcublas.so.12
7f03-7f04 r-xp 0 08:01 4  /env/nvidia/cublas/lib/libcublasLt.so.12
7f04-7f05 r-xp 0 08:01 5  /env/nvidia/nccl/lib/libnccl.so.2
7f05-7f06 r-xp 0 08:01 6  /lib/libc.so.6
7ffc-7ffd r-xp 0 00:00 0  [vdso]
"""


def loaded(tmp_path, maps, **libraries):
    place = tmp_path / "maps"
    place.write_text(maps)
    made = {name: Fake(**{key: value}) for name, (key, value) in libraries.items()}

    def load(path):
        name = os.path.basename(path).partition(".")[0].partition("-")[0]
        if name not in made:
            raise OSError(path)
        return made[name]

    return gpu_libraries.loaded(str(place), load)


def test_each_library_says_its_own_version(tmp_path):
    assert loaded(
        tmp_path,
        MAPS,
        libcudart=("runtime", 12080),
        libcudnn=("cudnn", 91002),
        libcublas=("cublas", (12, 8, 4)),
        libnccl=("nccl", 22703),
    ) == {"cuda": "12.8", "cudnn": "9.10.2", "cublas": "12.8.4", "nccl": "2.27.3"}


def test_old_ones_count_otherwise(tmp_path):
    found = loaded(tmp_path, MAPS, libcudart=("runtime", 9020), libcudnn=("cudnn", 7605),
                   libnccl=("nccl", 2708))  # fmt: skip
    assert (found["cuda"], found["cudnn"], found["nccl"]) == ("9.2", "7.6.5", "2.7.8")


def test_what_can_not_be_asked_has_the_version_of_its_file(tmp_path):
    found = loaded(tmp_path, MAPS, libcudart=("runtime", -1), libnccl=("cudnn", 1))
    assert found == {"cuda": "12", "cudnn": "9", "cublas": "12", "nccl": "2"}
    maps = "7f00-7f01 r-xp 0 08:01 1  /env/torch/lib/libcudart-d0da41ae.so.11.0\n"
    assert loaded(tmp_path, maps) == {"cuda": "11.0"}
    maps = "7f00-7f01 r-xp 0 08:01 1  /env/libcudnn.so\n7f r /env/libcudnn.so.9 (deleted)\n"
    assert loaded(tmp_path, maps) == {}


def test_where_nothing_tells_there_is_nothing(tmp_path):
    assert gpu_libraries.loaded(str(tmp_path / "none")) == {}
    assert not {"cuda", "cudnn"} & set(gpu_libraries.loaded()), "this process has none of them"


def test_a_library_that_a_process_has_really_loaded_is_found(tmp_path):
    here = Path(ctypes.util.find_library("m") or "libm.so.6").name
    lines = Path("/proc/self/maps").read_text().splitlines() + [""]
    source = next((line.split()[-1] for line in lines if f"/{here}" in line or "/libm" in line), "")
    if not source:
        pytest.skip("no shared library to stand in for cuDNN's")
    stand_in = tmp_path / "libcudnn.so.9.10.2"
    shutil.copy(source, stand_in)
    (tmp_path / "libcudnn.so.9").symlink_to(stand_in.name)
    code = (
        "import ctypes, gpu_libraries\n"
        f"ctypes.CDLL({str(tmp_path / 'libcudnn.so.9')!r})\n"
        "print(gpu_libraries.loaded())\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(project.CONTRACT))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.stdout.decode().strip() == "{'cudnn': '9.10.2'}"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"cudnn": "9.10.2"}, {"cudnn": "9.10.2"}),
        ({}, None),
        (None, None),
        ("9.10.2", None),
        ({"cudnn": 9}, None),
        ({"cudnn": "9" * 51}, None),
        ({"cudnn": "9\0"}, None),
        ({"cudnn": "9\n"}, None),
        ({"cudnn": ""}, None),
        ({"CUDA <b>": "9"}, None),
        ({f"x{n}": "1" for n in range(51)}, None),
    ],
)
def test_what_an_adapter_tells_is_data(told, kept):
    assert measure._versions(told) == kept
