"""Normalisation whose test mode uses running statistics, which training averages."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Case, Config, Layout, Match, State
from backhand.check.kinds.normalisation import EPSILONS, Normal, Normalisation, View, normal_values
from backhand.check.kinds.normalisation_slips import Moments, slips_of_constants, slips_of_x
from backhand.check.kinds.normalisation_texts import NORMALISATION, RUNNING

SHARES = (0.9, 0.99, 0.999, 0.95)  # of the old statistics that people keep


class WithRunningStatistics(Normalisation):
    """Normalisation that keeps a running mean and a running variance."""

    state = ("running_mean", "running_var")
    mistakes = NORMALISATION | RUNNING

    def normal_values(self, x: Array, view: View, arrays: Mapping[str, Array], config: Config) -> Iterator[Normal]:
        """In test mode by the running statistics, which start as zeros or ones where none are known."""
        if not config["train"]:
            yield from _of_running(x, view, arrays, config)
        for normal, convention, mistake in normal_values(x, view.axes, config):
            if config["train"]:
                yield normal, convention, mistake
            elif not mistake:
                yield normal, convention, "batch statistics in test mode"
        if config["train"] and "running_mean" in arrays:
            for normal, convention, mistake in _of_running(x, view, arrays, config):
                if not mistake:
                    yield normal, convention, "running statistics in train mode"

    def moments(self, case: Case, view: View) -> Moments:
        """Those of the batch in train mode, the running ones in test mode."""
        of_batch = super().moments(case, view)
        if case.config["train"]:
            return of_batch
        starts, convention = list(_starts(case.arrays, of_batch.variance.shape)), self.convention_of(case)
        mean, variance, _ = next((start for start in starts if start[2].items() <= convention.items()), starts[0])
        return Moments(of_batch.x, view.axes, mean, variance, of_batch.eps)

    def slips(self, moments: Moments, dy: Array, gamma: Array | None, case: Case) -> Iterator[tuple[str, Array]]:
        """The mistakes of the mode.

        A formula for train mode may be used in test mode as well, or leave the gradient right there.
        """
        if case.config["train"]:
            yield from slips_of_x(moments, dy, gamma)
            return
        yield from slips_of_constants(moments, dy, gamma)
        for mistake, values in slips_of_x(moments, dy, gamma):
            yield mistake, values
            if "x" in case.true:
                yield mistake, case.true["x"]

    def states(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[State]:
        """Running statistics after one pass, by the share that is kept of the old ones."""
        view = self.view(config, layout)
        moments = Moments.of(arrays["x"].reshape(view.shape), view.axes, 0)
        count = moments.count
        factor = count / (count - 1) if count > 1 else 1.0
        for old_mean, old_variance, _ in _starts(arrays, moments.variance.shape):
            old = {"running_mean": old_mean, "running_var": old_variance}
            yield State(old, {}, "statistics not updated" if config["train"] else "")
            for words, scale in {"biased": 1.0, "unbiased": factor}.items():
                new = {"running_mean": moments.mean, "running_var": moments.variance * scale}
                for share, convention, mistake in _shares(config["momentum"]):
                    values = {role: share * old[role] + (1 - share) * new[role] for role in old}
                    mistake = mistake if config["train"] else "statistics updated in test mode"
                    yield State(values, {**convention, "running variance": words}, mistake)
            if config["train"]:
                yield from _wrong_states(old, moments, config["momentum"])

    def joint_mistakes(self, found: Sequence[tuple[Config, Match]]) -> Iterator[str]:
        """Whether the root holds another ε in test mode than in train mode; 0 is recognised as a tiny one."""
        right = [(config, match.convention["eps"]) for config, match in found if not match.mistake]
        trained = [float(eps) for config, eps in right if config["train"] and config["eps"] == right[0][0]["eps"]]
        tested = [float(eps) for config, eps in right if not config["train"]]
        if trained and tested and max(abs(a - b) for a in trained for b in tested) > 1e-8:
            yield "another eps in test mode"


def _starts(arrays: Mapping[str, Array], shape: tuple[int, ...]) -> Iterator[tuple[Array, Array, Layout]]:
    """The running statistics before the pass: as given, or else what people start with."""
    if "running_mean" in arrays and "running_var" in arrays:
        yield arrays["running_mean"].reshape(shape), arrays["running_var"].reshape(shape), {}
        return
    yield np.zeros(shape), np.ones(shape), {"running variance starts at": "1"}
    yield np.zeros(shape), np.zeros(shape), {"running variance starts at": "0"}


def _of_running(x: Array, view: View, arrays: Mapping[str, Array], config: Config) -> Iterator[Normal]:
    shape = x.mean(view.axes, keepdims=True).shape
    for mean, variance, start in _starts(arrays, shape):
        for eps in dict.fromkeys([config.get("eps", 1e-5), *EPSILONS]):
            convention = {"eps": f"{eps:g}", **start}
            yield (x - mean) / np.sqrt(variance + eps), convention, ""
            yield (x - mean) / (variance + eps), convention, "divided by the variance"
            yield (x - mean) / (np.sqrt(variance) + eps), convention, "eps outside the root"
            yield x / np.sqrt(variance + eps), convention, "not centred"
        yield (x - mean) / np.sqrt(variance), {"eps": "0"}, "eps left out"
        yield (x - mean) / variance, {"eps": "0"}, "divided by the variance"
        yield x - mean, {}, "not divided by the deviation"


def _shares(momentum: float) -> Iterator[tuple[float, Layout, str]]:
    """The share kept of the old statistics, most of them, whichever of the two shares an argument stands for."""
    for share in dict.fromkeys([max(momentum, 1 - momentum), *SHARES]):
        yield share, {"old statistics kept": f"{share:g}"}, ""
    for share in dict.fromkeys([max(momentum, 1 - momentum), *SHARES]):
        yield 1 - share, {"old statistics kept": f"{1 - share:g}"}, "momentum swapped"


def _wrong_states(old: Mapping[str, Array], m: Moments, momentum: float) -> Iterator[State]:
    share = max(momentum, 1 - momentum)
    mean, variance = old["running_mean"], old["running_var"]
    new_mean, new_variance = share * mean + (1 - share) * m.mean, share * variance + (1 - share) * m.variance
    of_root = share * variance + (1 - share) * np.sqrt(m.variance)
    yield State({"running_mean": new_mean, "running_var": of_root}, {}, "deviation for the variance")
    swapped = share * mean + (1 - share) * m.variance, share * variance + (1 - share) * m.mean
    yield State({"running_mean": swapped[0], "running_var": swapped[1]}, {}, "mean and variance swapped")
    mixed = share * mean + (1 - share) * m.variance
    yield State({"running_mean": new_mean, "running_var": mixed}, {}, "variance averaged with the mean")
    yield State({"running_mean": m.mean, "running_var": m.variance}, {}, "statistics replaced")
    yield State({"running_mean": new_mean, "running_var": variance}, {}, "one statistic not updated")
    yield State({"running_mean": mean, "running_var": new_variance}, {}, "one statistic not updated")
    without = mean + (1 - share) * m.mean, variance + (1 - share) * m.variance
    yield State({"running_mean": without[0], "running_var": without[1]}, {}, "old statistics not reduced")
