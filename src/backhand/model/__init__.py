"""Models: layers one after the other, over one flat buffer of parameters and one of gradients."""

from backhand.model.sequential import Sequential

__all__ = ["Sequential"]
