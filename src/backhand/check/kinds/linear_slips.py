"""The gradients that known mistakes of a linear layer's backward pass give.

They are formed with samples as rows and weights (in, out), and then turned as the person has them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Case, WrongGradient


def rows_of(array: Array, layout: Mapping[str, str]) -> Array:
    """Samples as rows, each flat."""
    if layout["samples"] == "rows":
        return array.reshape(len(array), -1)
    return array.reshape(-1, array.shape[-1]).T


def arranged(rows: Array, layout: Mapping[str, str]) -> Array:
    """Samples that are rows, in the arrangement of a layout."""
    return rows if layout["samples"] == "rows" else rows.T


@dataclass(frozen=True)
class Canonical:
    """A case with samples as rows and weights (in, out); the results return to the person's arrangement."""

    case: Case
    X: Array
    Y: Array
    upstream: Array
    W: Array
    transposed: bool
    rest: int | None

    @classmethod
    def of(cls, case: Case) -> "Canonical | None":
        """None where the upstream does not fit the weights."""
        layout, w = case.convention, case.arrays["w"]
        transposed = not layout["weight"].endswith("out)")
        W = w.T if transposed else w
        rest = {"the first row of the weights": 0, "the last row of the weights": -1}.get(layout.get("bias", ""))
        single = case.dy.ndim == 1 and case.config["N"] == 1
        X, dY = rows_of(case.arrays["x"], layout), case.dy.reshape(1, -1) if single else rows_of(case.dy, layout)
        if rest is not None:
            X = np.insert(X, 0 if rest == 0 else X.shape[1], 1, axis=1)
        if W.shape != (X.shape[1], dY.shape[1]):
            return None
        return cls(case, X, case.y.reshape(dY.shape) if single else rows_of(case.y, layout), dY, W, transposed, rest)

    def _weight(self, mistake: str, dW: Array) -> WrongGradient:
        return WrongGradient(mistake, "w", dW.T if self.transposed else dW)

    def _input(self, mistake: str, dX: Array) -> WrongGradient:
        if self.rest is not None:
            dX = np.delete(dX, self.rest, axis=1)
        values = arranged(dX, self.case.convention)
        shape = self.case.arrays["x"].shape
        return WrongGradient(mistake, "x", values.reshape(shape) if values.size == np.prod(shape) else values)

    def of_x(self) -> Iterator[WrongGradient]:
        """Wrong gradients of the input: weights not transposed or already updated, another shape."""
        dX, W = self.upstream @ self.W.T, self.W
        if W.shape[0] == W.shape[1]:
            yield self._input("transposed weights missing", self.upstream @ W)
        kept = "dx not reshaped" if self.rest is None else "entry of the bias kept"
        yield WrongGradient(kept, "x", arranged(dX, self.case.convention))
        given = self.case.gradients.get("x")
        step = self._input("", self.upstream @ (self.X.T @ self.upstream).T).values
        if given is not None and given.shape == step.shape and step.size > 1:
            true = self._input("", dX).values
            rate = ((true - given) * step).sum() / (step * step).sum()
            yield WrongGradient("weights already updated", "x", true - rate * step)

    def without_activation(self) -> Iterator[WrongGradient]:
        """The gradients of the linear part alone, where an activation follows it."""
        left_out = "derivative of the activation left out"
        yield self._input(left_out, self.upstream @ self.W.T)
        yield self._weight(left_out, self.X.T @ self.upstream)
        if "b" in self.case.arrays and self.case.arrays["b"].size == self.upstream.shape[1]:
            yield WrongGradient(left_out, "b", self.upstream.sum(0).reshape(self.case.arrays["b"].shape))

    def of_w(self) -> Iterator[WrongGradient]:
        """Wrong gradients of the weights: swapped factors, a mean, a single sample."""
        dW = self.X.T @ self.upstream
        yield self._weight("x and dy swapped", dW.T)
        yield self._weight("output for input", self.Y.T @ self.upstream)
        yield self._weight("averaged over the batch", dW / len(self.X))
        yield self._weight("last sample only", self.X[-1:].T @ self.upstream[-1:])

    def of_b(self) -> Iterator[WrongGradient]:
        """Wrong gradients of the bias: no sum, a mean, a single sample."""
        if "b" in self.case.arrays:
            yield WrongGradient("sum over samples missing", "b", self.case.dy)
            yield WrongGradient(
                "averaged over the batch", "b", self.upstream.mean(0).reshape(self.case.arrays["b"].shape)
            )
            shape = self.case.arrays["b"].shape
            yield WrongGradient("last sample only", "b", self.upstream[-1].reshape(shape))
            yield WrongGradient("first sample only", "b", self.upstream[0].reshape(shape))
