"""The model card: what a model is, how it was made, how good it is, where its limits lie, and how to use it."""

from backhand.export.card.page import model_card

__all__ = ["model_card"]
