"""What the processor can do at most, measured as the steps are."""

from importlib import import_module

from backhand.machine import cores


def fma_peak() -> float | None:
    """GFLOP/s of fused multiply-adds in registers on all cores; None where there are no kernels to measure it with."""
    try:
        kernel = import_module("backhand.kernels.peak")
    except ImportError:
        return None
    return float(kernel.measure(cores()))
