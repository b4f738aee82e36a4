"""Gradient checks: hand-written backward passes against numerical derivatives of their forward passes."""

from backhand.check.gradients import check_layer, check_model, check_op
from backhand.check.results import Result, merge

__all__ = ["Result", "check_layer", "check_model", "check_op", "merge"]
