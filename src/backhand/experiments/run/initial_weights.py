"""What a run began with, kept for its report through every resume."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from backhand.arrays import Array
from backhand.experiments.run.illustrations import first_weights
from backhand.experiments.run.metrics import InitFrom
from backhand.model.sequential import Sequential
from backhand.training.callbacks import Callback
from backhand.weights import Transfer


@dataclass(eq=False)
class InitialWeights(Callback):
    """Where the weights came from, if not from the seed, and those of the first layer, if they can be seen.

    It is saved with the state: a resumed run does not read the file again that it started from.
    """

    key = "Start"  # of its state, as earlier versions named the class
    init_from: InitFrom | None = None
    first_weights: Array | None = None

    @classmethod
    def of(cls, model: Sequential, transfer: Transfer | None) -> Self:
        """The first weights of a model that is about to be trained."""
        first = first_weights(model)
        source = InitFrom.model_validate(asdict(transfer)) if transfer else None
        return cls(source, None if first is None else first.copy())

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The state to save: the weights are arrays, and where they came from is among the facts."""
        arrays = {} if self.first_weights is None else {"first_weights": self.first_weights}
        return arrays, {"init_from": None if self.init_from is None else self.init_from.as_json()}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Restore what an earlier call of `state` gave."""
        source = facts["init_from"]
        self.init_from = None if source is None else InitFrom.model_validate(source)
        self.first_weights = arrays.get("first_weights")
