"""What the kept weights look at: attributions of some test pictures, and the importance of each column of a table."""

from dataclasses import replace

import numpy as np

from backhand.arrays import Array, Labels
from backhand.attribution import grad_cam, permutation_importance, saliency
from backhand.attribution.feature_maps import last_maps
from backhand.data.feed import Feed
from backhand.data.shards import Shards
from backhand.errors import ModelError
from backhand.experiments.run.evidence_groups import Attributions, Importance
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.losses import Loss
from backhand.training.metrics import metric

EACH = 8  # the number of mistakes and of right answers whose attributions a report shows
REPEATS, WORK = 10, 5e10  # shuffles of each column, and the multiply-adds that all of them may take
MOST_ON_DISK = 2000  # the rows that are read of samples on disk
MOST_COLUMNS, FEWEST_ROWS = 1000, 50  # wider tables, and those of which only fewer rows can be afforded, are left out


def attributions_of(
    model: Sequential, test: Feed, result: Evaluation, confidence: Array, mistakes: Labels
) -> Attributions | None:
    """Saliency and Grad-CAM of the most confident mistakes, and of right answers of different classes.

    confidence: the probability of the predicted class of every test sample.   mistakes: their indices, in order.
    None where nothing was classified, and where an attribution is not finite.
    """
    chosen = np.concatenate([mistakes[:EACH], _right_answers(result)])
    if not len(chosen):
        return None
    return _finite(
        attribute(model, test, chosen, result.labels[chosen], result.predictions[chosen], confidence[chosen])
    )


def attribute(
    model: Sequential, feed: Feed, index: Labels, labels: Labels, predictions: Labels, confidence: Array
) -> Attributions:
    """Saliency and Grad-CAM of the samples at these indices, for the predicted classes and for the true ones."""
    x: Array = feed.standardizer.transform(feed.data.x[index])
    layer = _layer_of(model)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at what is not finite
        cam, cam_true = (
            grad_cam(model, x, classes, layer=layer) if layer else None for classes in (predictions, labels)
        )
        salient = saliency(model, x, predictions)
    answers = (labels, predictions, confidence)
    return Attributions(feed.data.x[index], index, salient, *answers, layer, cam, cam_true)


def attributions_of_targets(model: Sequential, test: Feed, index: Labels, targets: Labels) -> Attributions | None:
    """Saliency and Grad-CAM of a regression's samples, as `attribute_targets`; None without samples, or not finite."""
    return _finite(attribute_targets(model, test, index, targets)) if len(index) else None


def attribute_targets(model: Sequential, feed: Feed, index: Labels, targets: Labels) -> Attributions:
    """Saliency and Grad-CAM of the samples at these indices, each for one of the targets of a regression."""
    x: Array = feed.standardizer.transform(feed.data.x[index])
    layer, outputs = _layer_of(model), output_numbers(model, targets)
    with np.errstate(over="ignore", invalid="ignore"):
        cam = grad_cam(model, x, outputs, layer=layer) if layer else None
        return Attributions(feed.data.x[index], index, saliency(model, x, outputs), layer=layer, grad_cam=cam)


def output_numbers(model: Sequential, targets: Labels) -> Labels:
    """These targets as attributions know them: the single output of a model is the score of class 1."""
    return np.ones_like(targets) if model.output_shape == (1,) else targets


def _finite(attributions: Attributions) -> Attributions | None:
    """The attributions; None where one is not finite."""
    maps = (attributions.saliency, attributions.grad_cam, attributions.grad_cam_true)
    return attributions if all(np.isfinite(each).all() for each in maps if each is not None) else None


def _layer_of(model: Sequential) -> str:
    """The layer whose maps Grad-CAM takes; "" for a network without any, such as a perceptron."""
    try:
        return last_maps(model)
    except ModelError:
        return ""


def _right_answers(result: Evaluation) -> Labels:
    """The index of the first correct answer of each class, of evenly chosen classes where there are many."""
    correct = np.flatnonzero(result.predictions == result.labels)
    first = correct[np.unique(result.labels[correct], return_index=True)[1]]
    return first[np.linspace(0, len(first) - 1, min(len(first), EACH)).round().astype(int)] if len(first) else first


def importance_of(model: Sequential, loss: Loss, test: Feed, figure: str = "accuracy") -> Importance | None:
    """By how much a figure of the test gets worse when a column is shuffled; None where that would take too long.

    figure: the key of a figure of `Evaluation.figures` that is one of `METRICS`.
    """
    count, columns = test.data.x.shape
    most = min(count, MOST_ON_DISK) if isinstance(test.data.x, Shards) else count
    rows = min(most, int(WORK / (REPEATS * columns * max(model.work(), 1))))
    if columns > MOST_COLUMNS or rows < min(FEWEST_ROWS, count) or rows < 2:
        return None
    chosen = np.sort(np.random.default_rng(0).permutation(count)[:rows])
    samples = test.data.take(chosen)
    features: Array = np.asarray(samples.x)  # of samples on disk these rows alone

    known = metric(figure)

    def score(x: Array) -> float:
        value = evaluate(model, loss, Feed(replace(samples, x=x), test.standardizer)).figures()[figure]
        return value if known.higher_is_better else -value

    losses = permutation_importance(score, features, repeats=REPEATS)
    return Importance(losses.astype(np.float32), np.array([rows]))
