"""Experiments: one package per kind, over what all kinds share."""
