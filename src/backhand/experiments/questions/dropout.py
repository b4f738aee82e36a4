"""Dropout at inference: inverted and classic, each used as it was trained, and as the other."""

import numpy as np

from backhand.arrays import Array
from backhand.data.feed import Feed
from backhand.errors import StudyError
from backhand.experiments.build import Feeds
from backhand.experiments.questions.observations import Masks, Used, Uses
from backhand.experiments.questions.training import trainer_of
from backhand.layers import Dropout
from backhand.model.sequential import Sequential
from backhand.ops.dropout import MODES
from backhand.study import Study
from backhand.training.evaluate import evaluate
from backhand.training.losses import Loss

KEYS = tuple(Masks.VALUES)
MASKS = (1, 4, 16, 64, 256, 1024)
SAMPLES = 200  # of the validation part, whose scores are averaged over masks


def look(study: Study, feeds: Feeds) -> Masks:
    """For each mode trained in, and each used at inference: loss, accuracy, and the gap after 1, 4, ... masks.

    Trained "classic" and used "inverted", the scaling by 1 - p is forgotten; the other way round it is done twice.
    The gap is |mean of the scores over so many masks - scores at inference| / |scores at inference|.
    """
    assert feeds.validation is not None
    found: dict[str, Uses] = {}
    for mode in MODES:
        trainer = trainer_of(study, feeds)
        model = trainer.solver.model
        set_mode(model, mode)
        trainer.fit().raise_divergence()
        x = feeds.validation.batch(slice(SAMPLES))[0]
        means = mean_scores(model, x, np.random.default_rng(study.seed))
        uses = {used: in_mode(model, used) for used in MODES}
        loss, held = study.train.make_loss(), feeds.validation
        found[mode] = Uses(**{used: _used(each, loss, held, means) for used, each in uses.items()})
    return Masks(masks=MASKS, **found)


def set_mode(model: Sequential, mode: str) -> None:
    """Make all dropout layers of this mode. Raises StudyError where the model has none."""
    layers = [layer for _, layer in model.walk() if isinstance(layer, Dropout)]
    if not layers:
        raise StudyError("the question dropout needs a dropout above 0 in every cell; leave the 0 out of search.space")
    for layer in layers:
        layer.mode = mode


def in_mode(model: Sequential, mode: str) -> Sequential:
    """A copy whose dropout layers are of this mode. Raises StudyError where it has none."""
    twin = model.copy()
    set_mode(twin, mode)
    return twin


def mean_scores(model: Sequential, x: Array, rng: np.random.Generator) -> list[Array]:
    """The scores of x (N, outputs) in training, averaged over the first 1, 4, ... masks drawn."""
    twin, total, means = model.copy(), np.zeros(()), []
    for drawn in range(1, MASKS[-1] + 1):
        total = total + twin.forward(x, train=True, rng=rng).astype(np.float64)
        if drawn in MASKS:
            means.append(total / drawn)
    return means


def _used(model: Sequential, loss: Loss, feed: Feed, means: list[Array]) -> Used:
    measured = evaluate(model, loss, feed)
    scores = measured.scores[: len(means[0])]
    gaps = [float(np.linalg.norm(mean - scores) / np.linalg.norm(scores)) for mean in means]
    return Used(loss=measured.loss, accuracy=measured.accuracy, gap=tuple(gaps))
