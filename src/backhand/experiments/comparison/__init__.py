"""Comparisons: networks and scikit-learn's learners on the same folds, and what their differences show."""

from backhand.experiments.comparison.work import Plan, run

__all__ = ["Plan", "run"]
