#!/bin/bash
# What the environment of keras_cntk needs beyond packages; Snakemake runs this in it, once.
#
# CNTK's wheel is linked with Open MPI 1.10 (libmpi.so.12, libmpi_cxx.so.1), which it uses to
# train on several machines and which no package channel has. One process alone only ever asks
# who it is: rank 0 of 1. So two stand-in libraries are compiled from the C source below and
# put beside the wheel's own libraries, where its RUNPATH finds them. Whatever a process alone
# has no use for stops the program and says its name; nothing is silently skipped.
#
# Needs a C compiler ($CC, cc or gcc) and its nm. The source is in this file because Snakemake
# copies this file alone.
set -euo pipefail

fail() { echo "keras_cntk.post-deploy.sh: $*" >&2; exit 1; }

[ -n "${CONDA_PREFIX:-}" ] || fail "CONDA_PREFIX is not set; activate the environment first"
python=$CONDA_PREFIX/bin/python
libraries=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')/cntk/libs
[ -d "$libraries" ] || fail "$libraries: no such directory; is cntk installed?"

# $CC may hold options too, hence the array.
for compiler in "${CC:-}" cc gcc; do
    read -ra cc <<< "$compiler"
    [ ${#cc[@]} -gt 0 ] && command -v "${cc[0]}" > /dev/null && break
    cc=()
done
[ ${#cc[@]} -gt 0 ] || fail "no C compiler (\$CC, cc or gcc) to build CNTK's MPI stand-in with"
nm=${NM:-nm}
command -v "$nm" > /dev/null || fail "no nm (\$NM or nm; it comes with the C compiler)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/mpi_alone.h" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reached only where several processes would talk: not in this stand-in. */
#define MISSING(name)                                                        \
    void name(void)                                                          \
    {                                                                        \
        fputs(#name ": not in the MPI stand-in for one process\n", stderr);  \
        abort();                                                             \
    }
/* A handle, such as MPI_INT or MPI_COMM_WORLD, is the address of one of these. */
#define HANDLE(name) char name[1024];
C

# The functions that one process calls, with what MPI 3.0 says they do when it is alone.
cat > "$work/present.c" <<'C'
#include "mpi_alone.h"

static int started;

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    *provided = required;
    started = 1;
    return 0;
}
int MPI_Initialized(int *flag) { *flag = started; return 0; }
int MPI_Finalize(void) { return 0; }
int MPI_Abort(void *comm, int code) { exit(code ? code : 1); }
int MPI_Comm_rank(void *comm, int *rank) { *rank = 0; return 0; }
int MPI_Comm_size(void *comm, int *size) { *size = 1; return 0; }
int MPI_Comm_split(void *comm, int colour, int key, void **copy) { *copy = comm; return 0; }
int MPI_Comm_free(void **comm) { *comm = 0; return 0; }
int MPI_Barrier(void *comm) { return 0; }
int MPI_Get_processor_name(char *name, int *length)
{
    *length = (int)strlen(strcpy(name, "localhost"));
    return 0;
}
int MPI_Error_string(int code, char *text, int *length)
{
    *length = sprintf(text, "MPI error %d", code);
    return 0;
}
C

# What else the wheel leaves open, as the linker sees it: functions, and ompi_* data.
"$nm" -D --undefined-only "$libraries"/libCntk.*.so |
    sed -nE 's/^ +U ((MPI_|ompi_|_ZN3MPI)[A-Za-z0-9_]+)$/\1/p' | sort -u > "$work/wanted"
[ -s "$work/wanted" ] || fail "$libraries: found no MPI symbols that the wheel leaves open"

# MPI::Comm's constructor has nothing to do here; the symbol's name is the compiler's.
nothing='^_ZN3MPI4CommC[12]Ev$'
cxx='^_ZN3MPI|^ompi_mpi_cxx_'

{
    cat "$work/present.c"
    grep -vE "$cxx" "$work/wanted" | while read -r name; do
        case $name in
            ompi_mpi_*) echo "HANDLE($name)" ;;
            *) grep -q "^int $name(" "$work/present.c" || echo "MISSING($name)" ;;
        esac
    done
} > "$work/mpi.c"
{
    echo '#include "mpi_alone.h"'
    grep -E "$cxx" "$work/wanted" | while read -r name; do
        if [[ $name =~ $nothing ]]; then
            echo "void $name(void) {}"
        else
            echo "MISSING($name)"
        fi
    done
} > "$work/mpi_cxx.c"

for pair in mpi:libmpi.so.12 mpi_cxx:libmpi_cxx.so.1; do
    source=$work/${pair%%:*}.c
    library=${pair#*:}
    "${cc[@]}" -O1 -shared -fPIC -Wl,-soname,"$library" -o "$work/$library" "$source" ||
        fail "${cc[*]} could not compile CNTK's MPI stand-in $library"
    mv "$work/$library" "$libraries/$library.new"
    mv "$libraries/$library.new" "$libraries/$library"
done

"$python" -c 'import cntk' > "$work/log" 2>&1 ||
    fail "CNTK does not start: $(tail -n 1 "$work/log")"
echo "keras_cntk: $(wc -l < "$work/wanted") MPI symbols supplied for one process"
