"""The processor's peak speed, measured in the same run as the training steps."""

from backhand.machine import cores


def fma_peak() -> float | None:
    """The GFLOP/s of fused multiply-adds in registers on all cores; None where Numba is not installed."""
    try:
        from backhand.kernels import peak
    except ImportError:
        return None
    return peak.measure(cores())
