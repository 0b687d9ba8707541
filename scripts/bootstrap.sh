#!/usr/bin/env bash
# Make the driver's virtual environment and install a lock file into it.
#
#   bootstrap.sh DIRECTORY LOCK_FILE
#
# Needs a python3 with venv. Snakemake wants 3.11 or newer; where the machine's python3 is
# older, uv brings one.
set -euo pipefail
directory=$1 lock=$2

modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
fail() { echo "setup: $1" >&2; exit 2; }

# As in benchm/paths.py: Snakemake can start nothing in such a folder.
unusable=$'[][:space:][:cntrl:]\'"`$\\\\&|;<>(){}[*?!#:]'
case $PWD in
*$unusable*)
  fail "the path of this folder, '$PWD', has a blank, a quote, a colon, a bracket or the like in it, \
where Snakemake can start no program; use another" ;;
esac

command -v python3 >/dev/null || fail "there is no python3 on PATH; install Python 3.11 or newer"

make_venv() {
  "$1" -m venv "$2" >/dev/null 2>&1 ||
    fail "$1 can't make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"
}

# Also where one was begun by a set-up that was killed.
if ! "$directory/bin/python" -m pip --version >/dev/null 2>&1; then
  echo "setup: making the driver's environment in $directory" >&2
  rm -rf "$directory"
  # Whole or not at all: a half-made one would be taken for a good one the next time.
  trap 'rm -rf "$directory"' EXIT
  found=
  for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$python" >/dev/null && modern "$python"; then found=$python; break; fi
  done
  if [ -n "$found" ]; then
    make_venv "$found" "$directory"
  else
    fetcher=$(mktemp -d)
    make_venv python3 "$fetcher"
    env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT \
      "$fetcher/bin/python" -m pip install -q --no-user --disable-pip-version-check uv
    "$fetcher/bin/uv" venv -q --seed --python '>=3.11' "$directory" ||
      fail "python3 is older than 3.11 and uv could not fetch a newer one"
    rm -rf "$fetcher"
  fi
  trap - EXIT
fi

# The project's library, and its plugin for Snakemake's terminal, are found from anywhere. By a
# relative path, so that the checkout may be moved.
scripts=$(cd "$(dirname "$0")" && pwd)
"$directory/bin/python" - "$scripts" <<'EOF'
import os
import sys
import sysconfig

site = sysconfig.get_paths()["purelib"]
with open(os.path.join(site, "benchm.pth"), "w", encoding="utf-8") as out:
    out.write(os.path.relpath(sys.argv[1], site) + "\n")
EOF

echo "setup: installing $lock" >&2
# Of pip's settings only those count that say where packages are: PIP_TARGET, PIP_USER or a
# pip.conf with the like would have them installed elsewhere.
"$directory/bin/python" - "$lock" <<'EOF'
import subprocess
import sys
import time

from benchm import network, surroundings

surroundings.clear()
pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
for pause in (*network.PAUSES, None):
    done = subprocess.run([*pip, "-r", sys.argv[1]], stderr=subprocess.PIPE, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode == 0 or pause is None or not network.has_failed(done.stderr.splitlines()):
        sys.exit(done.returncode)
    print(f"setup: trying again in {pause} s", file=sys.stderr, flush=True)
    time.sleep(pause)
EOF
