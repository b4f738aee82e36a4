"""Classes added to a trained network: what it learns of them, and what it forgets."""

from backhand.extend.plan import Asked, begin
from backhand.extend.run import run

__all__ = ["Asked", "begin", "run"]
