"""The cases by which `backhand check` compares the gradients with numerical derivatives."""

from backhand.check.inputs import elementwise
from backhand.check.plugin_cases import Cases
from backhand_swish.layer import Swish

CASES = Cases(op=elementwise(), layer=[(Swish(), (6,), 4), (Swish(), (3, 4, 2), 1)])
