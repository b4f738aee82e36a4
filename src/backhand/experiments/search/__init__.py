"""Searches: many trials over a space of values, the best of which are trained with several seeds and tested."""

from backhand.experiments.search.work import run

__all__ = ["run"]
