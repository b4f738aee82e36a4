"""Fast versions of the ops: code that is generated for the processor at run time.

`ops` has a file for each op, or for ops that are computed in one pass; `blocks` what they are built from; `simd` the
vector instructions. `jit` compiles kernels and keeps their code, `buffers` the memory of their results. `backend`
chooses between a kernel and its reference.
"""

from collections.abc import Callable

# The versions that kernels are known to work with: they use parts of Numba that may change with any version.
NUMBA = ">=0.61,<0.69"
THREADS = "BACKHAND_THREADS"  # the environment variable that sets the number of threads
# Called with the name of each kernel that has to be compiled, before it is.
listeners: list[Callable[[str], None]] = []
