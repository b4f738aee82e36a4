"""Comparisons: networks and scikit-learn's learners on the same folds, and what their differences show."""

from backhand.compare.run import Plan, run

__all__ = ["Plan", "run"]
