"""The tests of Backhand."""

import os

# Threads of OpenMP that wait must not keep a core from others. Kernels see to that, but too late where PyTorch has been
# imported before them: the library reads this when it is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# Workers of pytest-xdist have a core each; further threads would only wait for one another. What is about threads asks
# for the fixture `all_cores`.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("BACKHAND_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
