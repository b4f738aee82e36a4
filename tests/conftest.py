"""Small data and solvers that several test files train on."""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from backhand import backend
from backhand.architectures import mlp
from backhand.arrays import Array
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.sets import blobs as blob_set
from backhand.data.standardize import Standardizer
from backhand.machine import cores
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver

# No limit on the time of one example (machines differ), and the same examples in every run.
settings.register_profile("backhand", deadline=None, derandomize=True)
settings.load_profile("backhand")


@dataclass(frozen=True)
class ExactFeed:
    """A feed that keeps the dtype of its samples, so that float64 stays float64."""

    data: Dataset

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, index: Any) -> tuple[Array, Array]:
        return self.data.x[index], self.data.y[index]

    def draw(self, index: Any, rng: np.random.Generator) -> tuple[Array, Array]:
        return self.batch(index)

    def variants(self, augment: EvaluationAugment) -> list["ExactFeed"]:
        return [ExactFeed(Dataset(x, self.data.y)) for x in augment.variants_of(self.data.x)]


def _feeds(data: Dataset, held: int, mode: str) -> tuple[Feed, Feed]:
    train, validation = data.take(slice(held, None)), data.take(slice(held))
    standardizer = Standardizer.fit(train.x, mode)
    return Feed(train, standardizer), Feed(validation, standardizer)


@pytest.fixture(scope="session")
def exact() -> type[ExactFeed]:
    return ExactFeed


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def blobs() -> tuple[Feed, Feed]:
    """150 and 60 points of three overlapping clouds: easy, but never all right."""
    return _feeds(blob_set.make(210, deviation=1.0, seed=3), 60, "feature")


@pytest.fixture(scope="session")
def digits() -> tuple[Feed, Feed]:
    """50 and 200 handwritten digits."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    images = (x[:250] * 15).astype(np.uint8).reshape(-1, 8, 8, 1)
    return _feeds(Dataset(images, y[:250].astype(np.int64)), 200, "global")


@pytest.fixture(scope="session")
def make_solver(blobs: tuple[Feed, Feed]) -> Callable[..., Solver]:
    """A solver for the blobs; `model` holds arguments of `mlp`, the rest are the solver's own."""

    def make(model: dict[str, Any] | None = None, dtype: Any = np.float32, **options: Any) -> Solver:
        network = mlp(3, **{"hidden": (8,), **(model or {})}).build((2,), seed=1, dtype=dtype)
        return Solver(
            network, **{"loss": SoftmaxCrossEntropy(), "optimizer": SGD(0.1, 0.9), "batch_size": 40} | options
        )

    return make


BASE = """
name = "base"
[data]
name = "digits"
[model]
name = "mlp"
hidden = [128]
[train]
epochs = 30
optimizer = { kind = "sgd", lr = 0.05 }
schedule = { kind = "cosine" }
"""


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a study that no change of a shipped one reaches."""
    path = tmp_path_factory.mktemp("studies") / "base.toml"
    path.write_text(BASE, "utf-8")
    return str(path)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread: sums in one order, and no threads to start for tiny arrays."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def all_cores() -> Iterator[None]:
    """Kernels on all cores, as they run for users, whatever the environment says."""
    with pytest.MonkeyPatch.context() as environment, backend.using(backend.chosen(), cores()):
        environment.delenv("BACKHAND_THREADS", raising=False)
        yield


@pytest.fixture
def engine() -> Iterator[None]:
    """Backend and threads, which options of the program choose for the whole process, as they were before the test."""
    before = backend.chosen(), backend.threads()
    yield
    backend.use(*before)


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], engine: None
) -> Callable[..., tuple[int, str]]:
    """Run `backhand ARGUMENTS`: exit status, standard output and error as one text with single spaces."""

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["backhand", *map(str, arguments)])
        from backhand.cli import main

        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return end.value.code or 0, " ".join((captured.out + captured.err).split())

    return call


@pytest.fixture
def listens() -> Iterator[None]:
    """Python's own handler of Ctrl-C, which a shell takes away from what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
