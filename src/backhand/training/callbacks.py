"""The callbacks that act on a training, and their base: divergence, early stopping, limits, saved states."""

from backhand.training.callback import Callback
from backhand.training.divergence import DivergenceGuard
from backhand.training.early_stopping import EarlyStopping
from backhand.training.limits import Limit
from backhand.training.saving import Checkpoint

__all__ = ["Callback", "Checkpoint", "DivergenceGuard", "EarlyStopping", "Limit"]
