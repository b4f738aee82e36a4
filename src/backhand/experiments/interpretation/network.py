"""The network inside what is interpreted, with the samples that it is looked at with."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.frames.encoding import Encoding
from backhand.errors import BackhandError, DataError
from backhand.experiments.run.record import Run
from backhand.files.paths import PathLike
from backhand.model.sequential import Sequential
from backhand.predictors import predictor_in
from backhand.training.losses import Loss, SoftmaxCrossEntropy


@dataclass(frozen=True)
class Network:
    """A model and the samples that it is looked at with, as it takes them.

    loss: that its figures are measured by.   features: the names of a table's columns as the model takes them; empty
    where they are not known.
    """

    model: Sequential
    feed: Feed
    loss: Loss
    features: tuple[str, ...] = ()


class LazyNetwork:
    """A network that is only loaded when something needs it. Raises BackhandError where there is none."""

    def __init__(self, load: Callable[[], Network]) -> None:
        self._load = load

    @cached_property
    def network(self) -> Network:
        """The network with its samples."""
        return self._load()


def network_of_run(run: Run, data_dir: PathLike | None) -> Network:
    """The network of a run with its test samples. Raises BackhandError where they do not belong together."""
    from backhand.experiments.build import load_feeds
    from backhand.experiments.run.predict import load_predictor

    score = run.metrics.test or run.metrics.test_errors
    if score is not None and score.not_finite:
        raise BackhandError(f"some scores of {run.folder} are not finite; look at its predictor, with x and y")
    predictor, feeds = load_predictor(run.folder), load_feeds(run.study, data_dir)
    if run.metrics.data.sha256 not in ("", feeds.fingerprint()):
        raise DataError(f"the data of {run.folder} have changed since it was trained; restore them")
    return Network(predictor.model, feeds.test, predictor.loss, feeds.splits.features)


def network_of(predictor: Any, data: Dataset) -> Network:
    """The network inside a predictor. Raises BackhandError where it has none that is known."""
    inner = predictor_in(predictor)
    model, standardizer = getattr(inner, "model", None), getattr(inner, "standardizer", None)
    if not isinstance(model, Sequential) or standardizer is None:
        raise BackhandError(
            f"{type(predictor).__name__} holds no network of Backhand, whose gradients could be looked at; only its "
            "answers can"
        )
    encoding: Encoding | None = getattr(inner, "encoding", None)
    features = () if encoding is None else encoding.features
    return Network(model, Feed(data, standardizer), getattr(inner, "loss", SoftmaxCrossEntropy()), features)
