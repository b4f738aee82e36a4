"""What the processor can do at most, measured in the same run as the steps are."""

from backhand.machine import cores


def fma_peak() -> float | None:
    """GFLOP/s of fused multiply-adds in registers on all cores; None where there is no Numba to compile them."""
    try:
        from backhand.kernels import peak
    except ImportError:
        return None
    return peak.measure(cores())
