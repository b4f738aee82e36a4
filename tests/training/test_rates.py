"""The learning rate and the momentum of every step, and the losses that their schedules are shown."""

import pytest

from backhand.training.callbacks import Callback
from backhand.training.optimizers import SGD
from backhand.training.schedules import CosineDecay, LinearRamp, Schedule, Warmup


def test_schedules_drive_the_optimiser_before_every_step(make_solver, blobs) -> None:
    """What the optimiser held when each step was made, over two epochs of four steps."""
    seen = []

    class Watch(Callback):
        def on_loss(self, solver) -> None:
            seen.append((solver.optimizer.lr, solver.optimizer.momentum))

    lr, momentum = Warmup(0.1, 3, CosineDecay(0.1, 5)), LinearRamp(0.5, 8, 0.9)
    solver = make_solver(
        optimizer=SGD(9.0, 0.1), schedule=lr, momentum_schedule=momentum, callbacks=[Watch()], batch_size=40
    )
    history = solver.fit(blobs[0], epochs=2)
    assert seen == [(lr(step), momentum(step)) for step in range(8)]
    assert [(record["lr"], record["momentum"]) for record in history] == [seen[3], seen[7]]


@pytest.mark.parametrize("split", ["validation", "train"])
def test_schedules_are_told_the_validation_loss_or_else_the_training_loss(make_solver, blobs, split: str) -> None:
    told: dict[str, list[float]] = {"lr": [], "momentum": []}

    class Listener(Schedule):
        def observe(self, metric: float) -> None:
            told["lr" if self.value == 0.1 else "momentum"].append(metric)

    solver = make_solver(schedule=Listener(0.1), momentum_schedule=Listener(0.5))
    history = solver.fit(blobs[0], blobs[1] if split == "validation" else None, epochs=3)
    assert told["lr"] == told["momentum"] == [record[f"{split}_loss"] for record in history]
