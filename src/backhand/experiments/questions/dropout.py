"""Dropout at inference: networks trained with inverted and with classic dropout, each used in both modes."""

import numpy as np

from backhand.arrays import Array
from backhand.data.feed import Feed
from backhand.errors import StudyError
from backhand.experiments.build import Feeds
from backhand.experiments.questions.observations import InferenceResult, InferenceResults, Masks
from backhand.experiments.questions.training import trainer_of
from backhand.layers import Dropout
from backhand.model.sequential import Sequential
from backhand.ops.dropout import MODES
from backhand.study import Study
from backhand.training.evaluate import evaluate
from backhand.training.losses import Loss

KEYS = tuple(Masks.VALUES)
MASKS = (1, 4, 16, 64, 256, 1024)  # the numbers of masks over which scores are averaged
SAMPLES = 200  # validation samples whose scores are averaged over masks


def measure(study: Study, feeds: Feeds) -> Masks:
    """Train a network in each mode, and use it at inference in each mode: loss, accuracy, gap after 1, 4, ... masks.

    For a network trained "classic" and used "inverted", the scaling by 1 - p is forgotten; the other way round it is
    done twice. The gap is |mean of the scores over so many masks - scores at inference| / |scores at inference|.
    """
    assert feeds.validation is not None
    results: dict[str, InferenceResults] = {}
    loss, validation = study.train.make_loss(), feeds.validation
    for mode in MODES:
        trainer = trainer_of(study, feeds)
        model = trainer.solver.model
        set_mode(model, mode)
        trainer.fit().raise_divergence()
        x = validation.batch(slice(SAMPLES))[0]
        means = mean_scores(model, x, np.random.default_rng(study.seed))
        results[mode] = InferenceResults(
            **{used: _inference_result(copy_in_mode(model, used), loss, validation, means) for used in MODES}
        )
    return Masks(masks=MASKS, **results)


def set_mode(model: Sequential, mode: str) -> None:
    """Set all dropout layers to this mode. Raises StudyError where the model has none."""
    layers = [layer for _, layer in model.walk() if isinstance(layer, Dropout)]
    if not layers:
        raise StudyError("the question dropout needs a dropout above 0 in every cell; leave the 0 out of search.space")
    for layer in layers:
        layer.mode = mode


def copy_in_mode(model: Sequential, mode: str) -> Sequential:
    """A copy of the model with its dropout layers in this mode. Raises StudyError where it has none."""
    copy = model.copy()
    set_mode(copy, mode)
    return copy


def mean_scores(model: Sequential, x: Array, rng: np.random.Generator) -> list[Array]:
    """The scores of x (N, outputs) in training, averaged over the first 1, 4, ... masks drawn."""
    copy, total, means = model.copy(), np.zeros(()), []
    for masks in range(1, MASKS[-1] + 1):
        total = total + copy.forward(x, train=True, rng=rng).astype(np.float64)
        if masks in MASKS:
            means.append(total / masks)
    return means


def _inference_result(model: Sequential, loss: Loss, feed: Feed, means: list[Array]) -> InferenceResult:
    result = evaluate(model, loss, feed)
    scores = result.scores[: len(means[0])]
    gaps = [float(np.linalg.norm(mean - scores) / np.linalg.norm(scores)) for mean in means]
    return InferenceResult(loss=result.loss, accuracy=result.accuracy, gap=tuple(gaps))
