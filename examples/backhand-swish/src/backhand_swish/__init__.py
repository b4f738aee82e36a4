"""Swish for Backhand: an operation, a layer, a data set and a study, found by their entry points in pyproject.toml."""
