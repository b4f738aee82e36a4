"""Comparisons: networks and scikit-learn's learners on the same folds, with tests of their differences."""

from backhand.experiments.kind import Kind

FILE = "compare.json"
KIND = Kind("a comparison", package=__name__, command="compare", mark=FILE)
