"""The training step of a workload on Backhand's solver, with products in bfloat16."""

from functools import partial

from backhand.bench import ours
from backhand.precision import BFLOAT16

make_step = partial(ours.make_step, precision=BFLOAT16)
