"""Named architectures."""

from backhand.models.mlp import mlp

__all__ = ["mlp"]
