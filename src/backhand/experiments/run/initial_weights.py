"""The initial weights of a run, saved with its state until its report is written."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from backhand.arrays import Array
from backhand.experiments.run.layer_pictures import first_weights
from backhand.experiments.run.metrics import InitFrom
from backhand.model.sequential import Sequential
from backhand.training.callbacks import Callback
from backhand.weights import Transfer


@dataclass(eq=False)
class InitialWeights(Callback):
    """The source of the initial weights, unless they are random, and the weights of the first layer.

    Both are saved with the state, so that a resumed run need not read the file of the initial weights again. Weights
    that cannot be shown as pictures are not saved.
    """

    key = "Start"  # the name in saved states: earlier versions gave it to this class
    init_from: InitFrom | None = None
    first_weights: Array | None = None

    @classmethod
    def of(cls, model: Sequential, transfer: Transfer | None) -> Self:
        """The initial weights of a model that is about to be trained, and their source."""
        first = first_weights(model)
        source = InitFrom.model_validate(asdict(transfer)) if transfer else None
        return cls(source, None if first is None else first.copy())

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The state to save: the weights as arrays, and their source among the facts."""
        arrays = {} if self.first_weights is None else {"first_weights": self.first_weights}
        return arrays, {"init_from": None if self.init_from is None else self.init_from.as_json()}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Restore the arrays and the facts that an earlier call of `state` returned."""
        source = facts["init_from"]
        self.init_from = None if source is None else InitFrom.model_validate(source)
        self.first_weights = arrays.get("first_weights")
