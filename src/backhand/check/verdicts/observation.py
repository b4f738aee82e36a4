"""What passes do in a trial beside computing: what they change, add up or draw."""

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.specimen import SEED, Specimen, seed_everything
from backhand.check.source.guarded import outcome
from backhand.check.verdicts.trial import Trial


def observe(trial: Trial) -> dict[str, tuple[str, ...]]:
    """What the passes did beside computing: by name, with the arrays concerned.

    "x changed in forward", "dy changed", "parameters changed in backward", "parameters reshaped in backward",
    "input changed in backward", "gradients accumulate", "backward differs the second time", "random in backward",
    "forward differs".
    """
    specimen, passage = trial.specimen, trial.passage
    assert specimen is not None
    assert passage is not None
    seen: dict[str, tuple[str, ...]] = {}
    if passage.changed:
        seen["changed in forward"] = passage.changed
    changed = [name for name in trial.gradients.changed if name not in passage.changed]
    for what, names in {
        "dy changed": [name for name in changed if name == "dy"],
        "parameters changed in backward": [n for n in changed if specimen.roles.get(n) not in (None, "x")],
        "parameters reshaped in backward": trial.gradients.reshaped,
        "input changed in backward": [n for n in changed if specimen.roles.get(n) == "x"],
    }.items():
        if names:
            seen[what] = tuple(names)
    again = outcome(lambda: specimen.forward().y).value
    if again is not None and not np.array_equal(again, passage.y, equal_nan=True):
        seen["forward differs"] = ()
        return seen
    seen |= _repeated(specimen, trial)
    return seen


def _repeated(specimen: Specimen, trial: Trial) -> dict[str, tuple[str, ...]]:
    """What a second backward pass after one forward pass shows."""
    passage = specimen.forward()
    seed_everything(SEED + 1)
    first = outcome(lambda: passage.backward(trial.dy).values).value
    if first is None:
        return {}
    if differing := _differing(first, trial.gradients.values):
        return {"random in backward": differing}
    if passage.takes_steps:
        return {}
    second = outcome(lambda: passage.backward(trial.dy).values).value
    if second is None:
        return {"backward runs once only": ()}
    differing = _differing(second, first)
    doubled = tuple(name for name in differing if _is_multiple(second[name], first[name], 2))
    seen = {"gradients accumulate": doubled} if doubled else {}
    if rest := tuple(name for name in differing if name not in doubled):
        seen["backward differs the second time"] = rest
    return seen


def _differing(a: dict[str, Array | None], b: dict[str, Array | None]) -> tuple[str, ...]:
    both = ((name, value, b.get(name)) for name, value in a.items())
    return tuple(
        name for name, value, other in both if value is not None and other is not None and not _same(value, other)
    )


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, equal_nan=True))


def _is_multiple(a: Array | None, b: Array | None, factor: float) -> bool:
    return a is not None and b is not None and a.shape == b.shape and bool(np.allclose(a, factor * b))
