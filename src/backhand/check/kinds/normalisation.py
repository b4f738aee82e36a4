"""What layers of normalisation have in common: values less their mean, over the root of their variance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient
from backhand.check.kinds.normalisation_slips import Moments, slips_of_parameters, slips_of_x
from backhand.check.kinds.normalisation_texts import NORMALISATION

EPSILONS = (1e-5, 1e-8, 1e-3, 1e-7, 1e-6, 1e-4, 1e-2, 1e-9, 1e-12)
Normal = tuple[Array, Layout, str]  # values before gamma and beta, the convention, and the mistake


@dataclass(frozen=True)
class View:
    """How statistics are taken: of x in this shape, over these axes; gamma and beta spread to `parameters`."""

    shape: Shape
    axes: tuple[int, ...]
    parameters: Shape

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes over which the gradients of gamma and beta are summed."""
        return tuple(axis for axis, length in enumerate(self.parameters) if length == 1 and self.shape[axis] != 1)

    def affine(self, normal: Array, arrays: Mapping[str, Array], scale: bool = True, shift: bool = True) -> Array:
        """The normal values times gamma plus beta, either of which may be left out or missing."""
        if scale and "gamma" in arrays:
            normal = normal * arrays["gamma"].reshape(self.parameters)
        if shift and "beta" in arrays:
            normal = normal + arrays["beta"].reshape(self.parameters)
        return normal


class Normalisation(Kind):
    """Values less their mean, over the root of their variance, times gamma plus beta."""

    parameters = ("gamma", "beta")
    mistakes = NORMALISATION

    def view(self, config: Config, layout: Layout) -> View:
        """How statistics are taken in a layout."""
        raise NotImplementedError

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """As for any kind; variances are positive, and a constant column is one that has no variance here."""
        array = super().draw(role, config, layout, rng)
        if array is not None and role == "running_var":
            return np.abs(array) + 0.5
        if array is not None and role == "x" and config.draw == "constant column":
            view = self.view(config, layout)
            grouped = array.reshape(view.shape)
            grouped[tuple(slice(None) if axis in view.axes else 0 for axis in range(len(view.shape)))] = 0.5
            return grouped.reshape(array.shape)
        return array

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Normalisation with any small number in the root, then the forms that are known to be wrong."""
        view, x = self.view(config, layout), arrays["x"]
        for normal, convention, mistake in self.normal_values(x.reshape(view.shape), view, arrays, config):
            yield Match(view.affine(normal, arrays).reshape(x.shape), convention, mistake)
            if not mistake and "gamma" in arrays:
                bare = view.affine(normal, arrays, scale=False)
                yield Match(bare.reshape(x.shape), convention, "scale left out")
                bare = view.affine(normal, arrays, shift=False)
                yield Match(bare.reshape(x.shape), convention, "shift left out")

    def normal_values(self, x: Array, view: View, arrays: Mapping[str, Array], config: Config) -> Iterator[Normal]:
        """The values before gamma and beta: right ones, and those of known mistakes."""
        yield from normal_values(x, view.axes, config)

    def values(self, role: str, config: Config) -> list[Any]:
        """The facts; momentum keeps its default, since the share that it stands for differs between libraries."""
        return [] if role == "momentum" else super().values(role, config)

    def moments(self, case: Case, view: View) -> Moments:
        """The mean and variance that forward used."""
        eps = float(self.convention_of(case).get("eps", case.config.get("eps", 1e-5)))
        return Moments.of(case.arrays["x"].reshape(view.shape), view.axes, eps)

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """What terms that are missing or wrong give, in dx, dgamma and dbeta."""
        x, view = case.arrays["x"], self.view(case.config, case.convention)
        if case.dy.shape != x.shape:
            return
        moments, dy, y = self.moments(case, view), case.dy.reshape(view.shape), case.y.reshape(view.shape)
        gamma = case.arrays["gamma"].reshape(view.parameters) if "gamma" in case.arrays else None
        for mistake, values in self.slips(moments, dy, gamma, case):
            yield WrongGradient(mistake, "x", values.reshape(x.shape))
        if gamma is not None:
            for mistake, role, values in slips_of_parameters(moments, dy, y, view.summed):
                shape = case.arrays[role].shape
                fits = values.size == case.arrays[role].size
                yield WrongGradient(mistake, role, values.reshape(shape) if fits else values)

    def slips(self, moments: Moments, dy: Array, gamma: Array | None, case: Case) -> Iterator[tuple[str, Array]]:
        """The mistakes of dx, in the shape of the view."""
        yield from slips_of_x(moments, dy, gamma)


def normal_values(x: Array, axes: tuple[int, ...], config: Config) -> Iterator[Normal]:
    """The values before gamma and beta by the statistics of x: right ones, and those of known mistakes."""
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    for eps in dict.fromkeys([config.get("eps", 1e-5), *EPSILONS]):
        yield (x - mean) / np.sqrt(variance + eps), {"eps": f"{eps:g}"}, ""
    for eps in dict.fromkeys([config.get("eps", 1e-5), *EPSILONS[:5]]):
        for normal, mistake in _wrong_values(x, axes, eps):
            yield normal, {"eps": f"{eps:g}"}, mistake
    yield (x - mean) / np.sqrt(variance), {"eps": "0"}, "eps left out"
    yield x - mean, {}, "not divided by the deviation"


def _wrong_values(x: Array, axes: tuple[int, ...], eps: float) -> Iterator[tuple[Array, str]]:
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    centred, count = x - mean, x.size // variance.size
    yield centred / (np.sqrt(variance) + eps), "eps outside the root"
    yield centred / (variance + eps), "divided by the variance"
    yield centred / np.std(variance + eps), "deviation of the variances"
    if count > 1:
        yield centred / np.sqrt(variance * count / (count - 1) + eps), "unbiased variance"
    yield (x - x.mean()) / np.sqrt(variance + eps), "mean of everything"
    everywhere = x - x.mean()
    yield everywhere / np.sqrt((everywhere**2).mean(axes, keepdims=True) + eps), "mean of everything"
    yield centred / np.sqrt(x.var() + eps), "variance of everything"
    yield centred / np.sqrt((centred**2).mean() + eps), "variance of everything"
    yield (x - x.mean()) / np.sqrt(x.var() + eps), "statistics of everything"
    yield x / np.sqrt(variance + eps), "not centred"
    for others in dict.fromkeys([(0,), (x.ndim - 1,), tuple(range(1, x.ndim)), tuple(range(x.ndim - 1))]):
        if others != axes:
            other = x - x.mean(others, keepdims=True)
            deviation = np.sqrt(x.var(others, keepdims=True) + eps)
            yield other / deviation, "statistics over the wrong axes"
            yield other / np.sqrt(variance + eps), "statistics over the wrong axes"
            yield centred / deviation, "statistics over the wrong axes"
