"""The ten workloads that are timed: networks as courses use them, from two layers to fifty."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backhand.architectures import fer_cnn, resnet
from backhand.arrays import Array, Labels, Shape
from backhand.errors import BackhandError, closest
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU, Residual
from backhand.model.sequential import Sequential

LR, MOMENTUM = 1e-3, 0.9  # of SGD, in every workload


@dataclass(frozen=True)
class Workload:
    """A network, the shape of a sample, the size of a batch and the number of classes."""

    name: str
    network: Callable[[], Sequential]
    shape: Shape
    batch: int
    classes: int = 10

    def model(self, *, comparable: bool = False) -> Sequential:
        """The network, not built. A comparable one can be compared with another program's, step by step.

        A comparable network has no dropout, whose masks differ between programs, and its residual blocks begin as
        their shortcuts: from ordinary weights, fifty layers would amplify a difference in rounding until the two
        trainings have nothing in common.
        """
        model = self.network()
        for layer in model.layers if comparable else ():
            if isinstance(layer, Dropout):
                layer.p = 0.0
            if isinstance(layer, Residual) and isinstance(norm := layer.body[-1], BatchNorm):
                norm.gamma = 0.0
        return model

    def samples(self) -> tuple[Array, Labels]:
        """A batch of standard normal samples (N, *shape) in float32, and random labels (N,)."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.batch, *self.shape), dtype=np.float32)
        return x, rng.integers(0, self.classes, self.batch)


def step_flops(model: Sequential, batch: int) -> int:
    """The floating-point operations of one training step of a built model, in its products with weights alone.

    A multiply-add counts as 2 operations. A layer multiplies in the forward pass, for dw and for dx, each time as much;
    the first layer needs no dx.
    """
    first, *others = (layer.multiply_adds() for _, layer in model.walk() if layer.params)
    return 2 * batch * (2 * first + 3 * sum(others))


def _dense(*widths: int) -> list[Layer]:
    *hidden, classes = widths
    return [*(layer for width in hidden for layer in (Linear(width), ReLU())), Linear(classes)]


def _pooled(outputs: int, kernel: int, padding: int = 0, *, normalised: bool = False) -> list[Layer]:
    """Convolution, batch normalisation on request, ReLU and pooling. The convolution has a bias, as the peers' have."""
    return [Conv2d(outputs, kernel, padding=padding), *[BatchNorm()] * normalised, ReLU(), MaxPool2d()]


def _mlp(*widths: int) -> Callable[[], Sequential]:
    return lambda: Sequential(*_dense(*widths))


def _mnist_cnn() -> Sequential:
    return Sequential(*_pooled(16, 7), Flatten(), *_dense(16, 10))


def _mnist_cnn_bn() -> Sequential:
    head = Flatten(), Linear(16), BatchNorm(), ReLU(), Dropout(0.2), Linear(10)
    return Sequential(*_pooled(16, 7, normalised=True), *head)


def _mnist_model4() -> Sequential:
    return Sequential(*_pooled(16, 3, 1), *_pooled(16, 3, 1), Flatten(), *_dense(256, 10))


def _cifar_vgg() -> Sequential:
    body = (layer for width in (64, 128, 256) for layer in _pooled(width, 3, 1, normalised=True))
    return Sequential(*body, Flatten(), Linear(10))


_ALL = (
    Workload("two_layer", _mlp(80, 10), (3072,), 400),
    Workload("fc_overfit", _mlp(1024, 512, 10), (3072,), 50),
    Workload("fc_cifar", _mlp(512, 256, 10), (3072,), 100),
    Workload("mnist_1000", _mlp(1000, 10), (784,), 128),
    Workload("mnist_cnn", _mnist_cnn, (28, 28, 1), 128),
    Workload("mnist_cnn_bn", _mnist_cnn_bn, (28, 28, 1), 128),
    Workload("mnist_model4", _mnist_model4, (28, 28, 1), 128),
    Workload("fer_cnn", lambda: fer_cnn(7), (48, 48, 1), 128, 7),
    Workload("cifar_vgg", _cifar_vgg, (32, 32, 3), 128),
    Workload("fer_resnet50", lambda: resnet(7, 50, stem="small_pool"), (48, 48, 1), 32, 7),
)
WORKLOADS: Mapping[str, Workload] = {workload.name: workload for workload in _ALL}


def select_workloads(names: Sequence[str] | None) -> Sequence[Workload]:
    """The workloads of these names, or all of them where none are named. Raises BackhandError for an unknown name."""
    if not names:
        return _ALL
    for name in names:
        if name not in WORKLOADS:
            raise BackhandError(f'unknown workload "{name}"{closest(name, WORKLOADS)}')
    return [WORKLOADS[name] for name in names]
