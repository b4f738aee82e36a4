"""The penalty on the weights that a training minimises beside its loss."""

from dataclasses import dataclass

from backhand.arrays import Array
from backhand.model.sequential import Sequential
from backhand.ops import l2


@dataclass(eq=False)
class L2:
    """The L2 penalty on a model's weights; biases, scales and shifts are not penalised.

        form "half"      λ/2 Σ w²        form "whole"      λ Σ w²

    strength: λ, 0 or above.
    form: "half" or "whole".
    Raises ValueError for a negative strength or another form.
    Source: Hoerl and Kennard 1970, Technometrics 12. Derivation: docs/derivations/l2.md
    """

    strength: float = 0.0
    form: str = "half"

    def __post_init__(self) -> None:
        l2.slope(self.strength, self.form)  # refuses bad arguments

    @property
    def slope(self) -> float:
        """The factor c of the penalty's gradient c w."""
        return l2.slope(self.strength, self.form)

    def forward(self, model: Sequential) -> float:
        """The penalty on all weights of the model, a scalar."""
        parameters = model.parameters
        return float(sum(self._term(parameters.values[where])[0] for where in self._slices(model)))

    def backward(self, model: Sequential) -> None:
        """Add the penalty's gradient to the model's gradients."""
        for where in self._slices(model):
            _, cache = self._term(model.parameters.values[where])
            model.parameters.grads[where] += l2.backward(1.0, cache)[0]

    def _slices(self, model: Sequential) -> tuple[slice, ...]:
        return model.parameters.penalised if self.strength else ()

    def _term(self, w: Array) -> tuple[Array, tuple[Array, float]]:
        return l2.forward(w, strength=self.strength, form=self.form)
