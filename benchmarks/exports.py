"""How far the exports of every architecture are from Backhand, with trained weights on handwritten digits.

Each network is trained for a few steps, so that its probabilities are neither 0 nor 1, on the embedded digits, enlarged
to the size that it takes. Then, on test images:

    rounding  the largest difference of our scores in float32 from those in float64, relative to the largest score
    onnx      the same of the scores in ONNX Runtime from ours in float32; the largest of the probabilities
    folded    the same of the scores, with batch normalisation joined with the layers before it
    torch     the same of the scores of the Python module in PyTorch, in float32, and in float64 against our float64
    back      how many numbers of the weights differ after the way through PyTorch's file and back

usage: python benchmarks/exports.py [--only resnet18 ...] [--steps 40]
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from backhand import data
from backhand.architectures import cnn, fer_cnn, images_cnn, lenet, mlp, mnist_model4, resnet, vgg_small
from backhand.architectures.activations import ACTIVATIONS
from backhand.architectures.cnn import Block
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.formats.resize import Resize, resize_images
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.export.onnx import onnx_file
from backhand.export.torch import torch_files
from backhand.model.sequential import Sequential
from backhand.predictors import Classifier
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import Adam
from backhand.training.solver import Solver
from backhand.weights import transfer

K, BATCH, TESTED = 10, 50, 200
HEAD = "model", "accuracy", "median p", "rounding", "onnx", "onnx, p", "folded", "torch", "torch, f64", "back"
Case = tuple[Callable[[], Sequential], int, int]  # the network, the side of its images, and their channels


def cases() -> dict[str, Case]:
    """Every architecture that ships, with every activation, every head, and both forms of every depth."""
    named: dict[str, Case] = {
        f"mlp, {name}": (lambda name=name: mlp(K, (64,), activation=name, batchnorm=True, dropout=0.1), 8, 1)
        for name in ACTIVATIONS
    }
    named |= {
        "cnn": (lambda: cnn(K, hidden=(32,), batchnorm=True), 16, 1),
        "cnn, residual": (lambda: cnn(K, (Block(16), Block(16, convs=2, residual=True))), 16, 3),
        "lenet": (lambda: lenet(K), 28, 1),
        "mnist_model4": (lambda: mnist_model4(K), 28, 1),
        "fer_cnn": (lambda: fer_cnn(K), 48, 1),
        "vgg_small": (lambda: vgg_small(K), 32, 3),
        "vgg_small, flatten": (lambda: vgg_small(K, head="flatten"), 32, 3),
        "images_cnn": (lambda: images_cnn(K, 32), 32, 3),
    }
    for depth in (18, 34, 50, 101):
        for form in ("", ", pre-activation"):
            make = partial(resnet, K, depth, preactivation=bool(form), zero_init=True)
            named[f"resnet{depth}{form}"] = make, 16, 3
    named["resnet18, imagenet"] = lambda: resnet(K, 18, stem="imagenet"), 32, 3
    return named


def digits(side: int, channels: int) -> tuple[Dataset, Dataset]:
    """Training and test images (N, side, side, channels) of uint8."""
    splits = data.load("digits")

    def enlarged(part: Dataset) -> Dataset:
        images = resize_images(part.x, Resize((side, side), "stretch"))
        return Dataset(np.repeat(images, channels, axis=3), part.y)

    return enlarged(splits.train), enlarged(splits.test)


def trained(case: Case, steps: int) -> tuple[Classifier, Dataset]:
    """The network of a case, trained for some steps, and the images to test it on."""
    make, side, channels = case
    train, test = digits(side, channels)
    standardizer = Standardizer.fit(train.x, "channel")
    model = make().build(train.x.shape[1:], seed=1)
    solver = Solver(model, SoftmaxCrossEntropy(smoothing=0.1), Adam(1e-3), batch_size=BATCH)
    feed, rng = Feed(train, standardizer), np.random.default_rng(0)
    for _ in range(steps):
        solver.train_step(*feed.batch(rng.permutation(len(train))[:BATCH]))
    classes = tuple(map(str, range(K)))
    classifier = Classifier(
        model=model,
        loss=SoftmaxCrossEntropy(),
        standardizer=standardizer,
        classes=classes,
        value_range=ValueRange.fit(train.x),
    )
    return classifier, test.take(slice(TESTED))


def row(name: str, case: Case, steps: int) -> tuple[str, ...]:
    """The figures of one network."""
    classifier, test = trained(case, steps)
    scores, p = classifier.scores(test.x), classifier.predict_proba(test.x)
    theirs, their_p = _onnx(onnx_file(classifier), test.x)
    folded, _ = _onnx(onnx_file(classifier, fold_batchnorm=True), test.x)
    with TemporaryDirectory() as folder:
        module = _module(classifier, Path(folder))
        net = module.load()
        torch_scores = module.scores(net, test.x).numpy()
        exact, rounding = _double(classifier, net, test.x, scores)
        back = classifier.model.fresh().build(classifier.sample_shape, seed=2)
        transfer(back, Path(folder) / "net_weights.safetensors")
    differing = sum(int((value != back.arrays()[key]).sum()) for key, value in classifier.model.arrays().items())
    accuracy = float((p.argmax(1) == test.y).mean())
    figures = (
        rounding,
        _relative(theirs, scores),
        float(np.abs(their_p - p).max()),
        _relative(folded, scores),
        _relative(torch_scores, scores),
        exact,
    )
    return name, f"{accuracy:.1%}", f"{np.median(p.max(1)):.3f}", *(f"{each:.1e}" for each in figures), str(differing)


def _onnx(content: bytes, x: np.ndarray) -> list[np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"samples": x})


def _module(classifier: Classifier, folder: Path) -> ModuleType:
    for name, content in torch_files(classifier, "net").items():
        (folder / name).write_bytes(content)
    specification = importlib.util.spec_from_file_location("net", folder / "net.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _double(classifier: Classifier, net: Any, x: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """The relative difference of PyTorch in float64, behind the standardisation, and of our own scores in float32."""
    import torch

    scaled = classifier.standardizer.transform(x, np.float64)
    ours = classifier.model.copy(np.float64).predict(scaled)
    with torch.inference_mode():
        theirs = net[1:].double()(torch.from_numpy(scaled).permute(0, 3, 1, 2)).numpy()
    return _relative(theirs, ours), _relative(scores, ours)


def _relative(theirs: np.ndarray, ours: np.ndarray) -> float:
    return float(np.abs(theirs - ours).max() / np.abs(ours).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="networks whose names begin so")
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    start = time.perf_counter()
    for name, case in cases().items():
        if not arguments.only or name.startswith(tuple(arguments.only)):
            print("| " + " | ".join(row(name, case, arguments.steps)) + " |", flush=True)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
