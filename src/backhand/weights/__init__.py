"""Weights that were trained before: from another run, from safetensors files, from PyTorch, by name."""

from backhand.weights.transfer import Transfer, transfer

__all__ = ["Transfer", "transfer"]
