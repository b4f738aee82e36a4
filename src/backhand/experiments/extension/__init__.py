"""Classes added to a trained network: what it learns of them, and what it forgets."""

from backhand.experiments.extension.plan import Asked, begin
from backhand.experiments.extension.work import run

__all__ = ["Asked", "begin", "run"]
