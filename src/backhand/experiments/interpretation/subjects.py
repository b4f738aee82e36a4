"""What can be interpreted: the folder of a run, a predictor with samples, or a model with samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Labels
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError, DataError
from backhand.experiments.interpretation.interpretation import Interpretation
from backhand.experiments.interpretation.network import LazyNetwork, Network, network_of, network_of_run
from backhand.experiments.interpretation.regression import RegressionInterpretation
from backhand.experiments.interpretation.regression_subjects import of_regression_run, of_targets
from backhand.experiments.run.record import Run, read_single
from backhand.files.paths import PathLike
from backhand.model.sequential import Sequential
from backhand.training.losses import ClassificationLoss, Logistic, SoftmaxCrossEntropy


def interpret(
    subject: Any,
    x: Array | None = None,
    y: Labels | None = None,
    *,
    classes: Sequence[str] = (),
    data_dir: PathLike | None = None,
) -> Interpretation | RegressionInterpretation:
    """Look at what a trained network does: see `Interpretation`, and `RegressionInterpretation` for a regression.

    subject: the folder of a run, or the record that `load_run` returns, which is looked at on its test samples; or
    anything with `predict_proba`, such as `load_classifier` or `load_model` return; or a built `Sequential`. A
    regression needs `predict`, as `load_predictor` returns it.
    x, y: samples (N, ...) as the predictor takes them, or standardised for a `Sequential`, and their labels: classes
    from 0, or names among the classes; or targets (N,) or (N, T), which for a `Sequential` must be floats.
    classes: the names of the classes or targets; empty: those of the subject, or else their numbers.
    data_dir: the folder of data sets, for a run; None: as in `backhand.load`. The data are read when they are needed.
    Raises BackhandError for a run without a test result, for no samples at all, and for labels that do not fit.
    """
    if isinstance(subject, Run) or x is None:
        return _of_run(subject.folder if isinstance(subject, Run) else subject, data_dir)
    if y is None:
        raise DataError("samples need their labels to be interpreted; give y, one label per sample")
    names, samples, answers = tuple(map(str, classes)), np.asarray(x), np.asarray(y)
    if not len(samples):
        raise DataError("there are no samples to interpret; give one at least")
    if _is_regression(subject, answers):
        return of_targets(subject, samples, answers, names)
    return _of_samples(subject, samples, answers, names)


def _is_regression(subject: Any, y: Array) -> bool:
    """Whether a subject predicts numbers: a model by its samples' targets, a predictor by what it can do."""
    if isinstance(subject, Sequential):
        return y.dtype.kind == "f"
    return hasattr(subject, "predict") and not hasattr(subject, "predict_proba")


def _of_run(folder: PathLike, data_dir: PathLike | None) -> Interpretation | RegressionInterpretation:
    if not isinstance(folder, str) and not hasattr(folder, "__fspath__"):
        raise BackhandError(f"{type(folder).__name__} is no folder of a run; a predictor or a model needs x and y, too")
    run = read_single(folder)
    if run.metrics.data.targets:
        return of_regression_run(run, LazyNetwork(lambda: network_of_run(run, data_dir)))
    predictions = run.evidence.predictions
    if predictions is None or run.metrics.test is None or not len(predictions.labels):
        raise BackhandError(f"{run.folder} has no test probabilities; bring the run to its end first")

    source = LazyNetwork(lambda: network_of_run(run, data_dir))
    title = f"{run.title}, {run.metrics.data.title or run.metrics.data.name}"
    return Interpretation(title, run.classes, predictions.labels, predictions.probabilities, source)


def _of_samples(subject: Any, x: Array, y: Labels, classes: tuple[str, ...]) -> Interpretation:
    if isinstance(subject, Sequential):
        outputs = subject.predict(x)
        loss: ClassificationLoss = Logistic() if outputs.shape[1] == 1 else SoftmaxCrossEntropy()
        probabilities = loss.predict_proba(outputs)
        plain = Standardizer(np.zeros(()), np.ones(()))
        source = LazyNetwork(lambda: Network(subject, Feed(Dataset(x, labels), plain), loss))
    elif hasattr(subject, "predict_proba"):
        probabilities = np.asarray(subject.predict_proba(x))
        source = LazyNetwork(lambda: network_of(subject, Dataset(x, labels)))
    else:
        raise BackhandError(f"{type(subject).__name__} has no predict_proba; give a predictor, a model or a folder")
    known = getattr(subject, "classes", getattr(subject, "classes_", range(probabilities.shape[1])))
    names = classes or tuple(map(str, known))
    if len(names) != probabilities.shape[1]:
        raise DataError(f"{len(names)} names of classes do not fit probabilities of {probabilities.shape[1]} classes")
    labels = _labels(y, (names, tuple(map(str, known))), len(x))
    return Interpretation(type(subject).__name__, names, labels, probabilities, source)


def _labels(y: Labels, names: tuple[tuple[str, ...], ...], samples: int) -> NDArray[np.int64]:
    """The labels as numbers of the classes.

    names: of the classes, as the caller names them and as the subject does. A text is looked for in this order; a
    number, which a caller's name may be by chance, first among the subject's, and then it is that of the class.
    Raises DataError for another number of labels than of samples, and for unknown ones.
    """
    if y.shape != (samples,):
        raise DataError(f"{samples} samples need one label each, not an array of shape {y.shape}")
    numeric = y.dtype.kind in "iu"
    for known in reversed(names) if numeric else names:
        numbers = {name: k for k, name in enumerate(known)}
        labels = np.array([numbers.get(str(label), -1) for label in y], np.int64)
        if (labels >= 0).all():
            return labels
    first = names[0]
    if numeric and ((y >= 0) & (y < len(first))).all():
        return y.astype(np.int64)
    unknown = next(label for label in y if str(label) not in first)
    raise DataError(f'the label "{unknown}" is none of the classes {", ".join(first[:10])}')
