"""The ops made fast: code that is generated for the processor at run time. `backend` chooses between it and `ops`."""

from collections.abc import Callable

# The versions that kernels are known to work with; they stand on parts of Numba that may change with any version.
NUMBA = ">=0.61,<0.69"
THREADS = "BACKHAND_THREADS"  # the variable that says how many threads they have
# Told the name of each kernel that has to be compiled, before it is.
listeners: list[Callable[[str], None]] = []
