"""Imports what reviews need, so that every process has it from its start."""

import contextlib

import scipy.special  # noqa: F401

import backhand.check.review.examine  # noqa: F401

with contextlib.suppress(ImportError):
    import torch

    torch.set_num_threads(1)
