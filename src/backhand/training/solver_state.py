"""The state of a solver: what a training saves after any step, and takes over to go on to the same bits."""

from typing import TYPE_CHECKING, Any

from backhand.arrays import Array
from backhand.files import jsontext
from backhand.training.epoch import EpochTotals
from backhand.training.history import History
from backhand.training.stateful import collect_states, restore_states, without_prefix
from backhand.training.unfreezing import freeze_until

if TYPE_CHECKING:
    from backhand.training.solver import Solver


def save(solver: "Solver") -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays, and the facts as JSON can hold them."""
    arrays = {f"model.{name}": value for name, value in solver.model.arrays().items()}
    arrays |= {f"optimizer.{name}": value for name, value in solver.optimizer.buffers.items()}
    facts: dict[str, Any] = {"epoch": solver.epoch, "step": solver.step, "stopped": solver.stopped}
    facts |= {"history": solver.history, "optimizer": solver.optimizer.state(), "rng": solver.streams.states()}
    facts["running"] = None if solver.epoch_totals is None else solver.epoch_totals.state()
    facts |= {"saving_seconds": solver.saving_seconds, "schedules": solver.rates.states()}
    if solver.average is not None:
        averaged, facts["average"] = solver.average.state()
        arrays |= {f"average.{name}": value for name, value in averaged.items()}
    callback_arrays, facts["callbacks"] = collect_states(solver.callbacks)
    return arrays | callback_arrays, facts


def load(solver: "Solver", arrays: dict[str, Array], facts: dict[str, Any]) -> None:
    """Take over arrays and facts. Raises CheckpointError when they are of another model or optimiser."""
    solver.epoch, solver.step, solver.stopped = facts["epoch"], facts["step"], facts["stopped"]
    totals = facts.get("running")  # earlier versions saved between epochs only
    if solver.unfreeze:
        freeze_until(solver.model, solver.unfreeze, solver.epoch + (totals is not None))
    solver.model.load(without_prefix("model", arrays))
    solver.optimizer.load(without_prefix("optimizer", arrays), facts["optimizer"])
    solver.history = History(jsontext.numbers(record) for record in facts["history"])
    solver.streams.restore(facts["rng"])
    measures = solver.loss.measures()
    solver.epoch_totals = None if totals is None else EpochTotals.resumed(jsontext.numbers(totals), measures)
    solver.saving_seconds = facts.get("saving_seconds", 0.0)
    solver.rates.load(facts["schedules"])
    if solver.epoch_totals is not None:  # the epoch's record holds the rates of its last step, which may be this one
        solver.rates.apply(solver.optimizer, solver.step - 1)
    if solver.average is not None and "average" in facts:
        solver.average.load(without_prefix("average", arrays), facts["average"])
    restore_states(solver.callbacks, arrays, facts["callbacks"])
