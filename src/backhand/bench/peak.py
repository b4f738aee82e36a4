"""The processor's peak speed, measured in the same run as the training steps."""

from backhand.machine import cores
from backhand.precision import FLOAT32


def peak(precision: str = FLOAT32) -> float | None:
    """The GFLOP/s of multiply-adds in registers on all cores; None where Numba is not installed.

    precision: of their factors.
    """
    try:
        from backhand.kernels.peak import measure
    except ImportError:
        return None
    return measure(cores(), precision)
