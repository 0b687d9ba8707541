#!/bin/bash
# What the environment mxnet.gpu needs beyond packages; Snakemake runs this in it, once.
#
# MXNet's wheel is linked with CUDA's libraries but brings none, and looks for them in the
# loader's path and beside itself (its RPATH is $ORIGIN). The nvidia packages keep theirs in
# folders of their own, each looking for others beside itself. So a link to each of them is put
# beside libmxnet.so: no LD_LIBRARY_PATH, which other programs would see too.
set -euo pipefail

fail() { echo "mxnet.gpu.post-deploy.sh: $*" >&2; exit 1; }

[ -n "${CONDA_PREFIX:-}" ] || fail "CONDA_PREFIX is not set; activate the environment first"
python=$CONDA_PREFIX/bin/python
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')
[ -f "$packages/mxnet/libmxnet.so" ] ||
    fail "$packages/mxnet/libmxnet.so: no such file; is mxnet installed?"

for library in "$packages"/nvidia/*/lib/lib*.so*; do
    [ -f "$library" ] || fail "$packages/nvidia: no CUDA libraries; are the nvidia packages installed?"
    ln -sf "../${library#"$packages"/}" "$packages/mxnet/"
done

why=$("$python" -c 'import mxnet' 2>&1) || fail "MXNet does not start: $(tail -n 1 <<< "$why")"
