"""Searches: many trials over a space of values, the best of which are trained with several seeds and tested."""

from backhand.search.run import run

__all__ = ["run"]
