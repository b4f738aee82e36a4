"""Models for PyTorch: weights by PyTorch's names in its layouts, and the Python that defines the module."""

from backhand.export.torch.file import torch_files

__all__ = ["torch_files"]
