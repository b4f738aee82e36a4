"""What can be interpreted: the folder of a run, a predictor with samples, or a model with samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Labels
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError, DataError
from backhand.experiments.interpretation.interpretation import Interpretation
from backhand.experiments.run.record import Run, read_tested
from backhand.files.paths import PathLike
from backhand.model.sequential import Sequential
from backhand.training.losses import ClassificationLoss, Logistic, Loss, SoftmaxCrossEntropy


@dataclass(frozen=True)
class Network:
    """A model and the samples that it is looked at with, as it takes them.   loss: that its accuracy is measured by."""

    model: Sequential
    feed: Feed
    loss: Loss


class LazyNetwork:
    """A network that is only loaded when something needs it. Raises BackhandError where there is none."""

    def __init__(self, load: Callable[[], Network]) -> None:
        self._load = load

    @cached_property
    def network(self) -> Network:
        """The network with its samples."""
        return self._load()


def interpret(
    subject: Any,
    x: Array | None = None,
    y: Labels | None = None,
    *,
    classes: Sequence[str] = (),
    data_dir: PathLike | None = None,
) -> Interpretation:
    """Look at what a trained classifier does: see `Interpretation`.

    subject: the folder of a run, or the record that `load_run` returns, which is looked at on its test samples; or
    anything with `predict_proba`, such as `load_classifier` or `load_model` return; or a built `Sequential`.
    x, y: samples (N, ...) as `predict_proba` takes them, or standardised for a `Sequential`, and their labels: classes
    from 0, or names among the classes.
    classes: the names of the classes; empty: those of the subject, or else their numbers.
    data_dir: the folder of data sets, for a run; None: as in `backhand.load`. The data are read when they are needed.
    Raises BackhandError for a run without a test result, and for labels that do not fit.
    """
    if isinstance(subject, Run) or x is None:
        return _of_run(subject.folder if isinstance(subject, Run) else subject, data_dir)
    if y is None:
        raise DataError("samples need their labels to be interpreted; give y, one label per sample")
    return _of_samples(subject, np.asarray(x), np.asarray(y), tuple(map(str, classes)))


def _of_run(folder: PathLike, data_dir: PathLike | None) -> Interpretation:
    if not isinstance(folder, str) and not hasattr(folder, "__fspath__"):
        raise BackhandError(f"{type(folder).__name__} is no folder of a run; a predictor or a model needs x and y, too")
    (run,) = read_tested([folder])
    predictions = run.evidence.predictions
    if predictions is None or run.metrics.test is None or not len(predictions.labels):
        raise BackhandError(f"{run.folder} has no test probabilities; bring the run to its end first")

    def load() -> Network:
        from backhand.experiments.build import load_feeds
        from backhand.experiments.run.predict import load_classifier

        if run.metrics.test is not None and run.metrics.test.not_finite:
            raise BackhandError(f"some scores of {run.folder} are not finite; look at its predictor, with x and y")
        classifier, feeds = load_classifier(run.folder), load_feeds(run.study, data_dir)
        if run.metrics.data.sha256 not in ("", feeds.fingerprint()):
            raise DataError(f"the data of {run.folder} have changed since it was trained; restore them")
        return Network(classifier.model, feeds.test, classifier.loss)

    title = f"{run.title}, {run.metrics.data.title or run.metrics.data.name}"
    return Interpretation(title, run.classes, predictions.labels, predictions.probabilities, LazyNetwork(load))


def _of_samples(subject: Any, x: Array, y: Labels, classes: tuple[str, ...]) -> Interpretation:
    if isinstance(subject, Sequential):
        outputs = subject.predict(x)
        loss: ClassificationLoss = Logistic() if outputs.shape[1] == 1 else SoftmaxCrossEntropy()
        probabilities = loss.predict_proba(outputs)
        plain = Standardizer(np.zeros(()), np.ones(()))
        source = LazyNetwork(lambda: Network(subject, Feed(Dataset(x, labels), plain), loss))
    elif hasattr(subject, "predict_proba"):
        probabilities = np.asarray(subject.predict_proba(x))
        source = LazyNetwork(lambda: _network_of(subject, Dataset(x, labels)))
    else:
        raise BackhandError(f"{type(subject).__name__} has no predict_proba; give a predictor, a model or a folder")
    known = getattr(subject, "classes", getattr(subject, "classes_", range(probabilities.shape[1])))
    names = classes or tuple(map(str, known))
    if len(names) != probabilities.shape[1]:
        raise DataError(f"{len(names)} names of classes do not fit probabilities of {probabilities.shape[1]} classes")
    labels = _labels(y, [str(name) for name in known], len(x))
    return Interpretation(type(subject).__name__, names, labels, probabilities, source)


def _network_of(predictor: Any, data: Dataset) -> Network:
    """The network inside a predictor. Raises BackhandError where it has none that is known."""
    inner = getattr(predictor, "predictor_", predictor)  # of an estimator
    model, standardizer = getattr(inner, "model", None), getattr(inner, "standardizer", None)
    if not isinstance(model, Sequential) or standardizer is None:
        raise BackhandError(
            f"{type(predictor).__name__} holds no network of Backhand, whose gradients could be looked at; only its "
            "answers can"
        )
    return Network(model, Feed(data, standardizer), getattr(inner, "loss", SoftmaxCrossEntropy()))


def _labels(y: Labels, names: list[str], samples: int) -> NDArray[np.int64]:
    """The labels as numbers of the classes. Raises DataError for another number of them, and for unknown ones."""
    if y.shape != (samples,):
        raise DataError(f"{samples} samples need one label each, not an array of shape {y.shape}")
    numbers = {name: k for k, name in enumerate(names)}
    labels = np.array([numbers.get(str(label), -1) for label in y], np.int64)
    if (labels < 0).any() and y.dtype.kind in "iu" and ((y >= 0) & (y < len(names))).all():
        return y.astype(np.int64)
    if (labels < 0).any():
        unknown = y[labels < 0][0]
        raise DataError(f'the label "{unknown}" is none of the classes {", ".join(names[:10])}')
    return labels
