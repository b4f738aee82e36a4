"""Small networks of every layer and every architecture, with weights and statistics that no initialiser gives."""

from dataclasses import replace
from functools import cache

import numpy as np

from backhand.architectures import (
    Block,
    cnn,
    fer_cnn,
    images_cnn,
    lenet,
    mlp,
    mnist_model4,
    resnet,
    vgg_small,
)
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.layers import (
    ELU,
    GELU,
    AvgPool2d,
    BatchNorm,
    Chain,
    Concatenate,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Scale,
    Sigmoid,
    SiLU,
    Tanh,
)
from backhand.model import Sequential
from backhand.predictors import Classifier
from backhand.training import losses

IMAGE, ROW = (9, 8, 4), (6,)
LAYERS = {
    "linear": ([Linear(5)], ROW),
    "conv": ([Conv2d(6, 3)], IMAGE),
    "conv without bias": ([Conv2d(6, 3, bias=False)], IMAGE),
    "conv of every option": ([Conv2d(6, (3, 2), (2, 1), ((2, 0), (1, 3)), (2, 1), groups=2)], IMAGE),
    "conv same, even kernel, stride 2": ([Conv2d(3, 4, 2, "same")], IMAGE),
    "conv same, dilated": ([Conv2d(3, 3, 1, "same", 2)], IMAGE),
    "conv, depth-wise": ([Conv2d(8, 3, padding=1, groups=4)], IMAGE),
    "max pool": ([MaxPool2d()], IMAGE),
    "max pool of every option": ([MaxPool2d((3, 2), (2, 1), ((2, 1), (0, 1)))], IMAGE),
    "max pool same": ([MaxPool2d(3, 2, "same")], IMAGE),
    "max pool, wide padding": ([MaxPool2d(3, 1, 2)], IMAGE),
    "avg pool": ([AvgPool2d(3, 2)], IMAGE),
    "avg pool, padding counted": ([AvgPool2d(3, 2, 1)], IMAGE),
    "avg pool, padding not counted": ([AvgPool2d(3, 2, 1, count_padding=False)], IMAGE),
    "avg pool, uneven": ([AvgPool2d(3, 2, ((2, 1), (0, 1)))], IMAGE),
    "avg pool, uneven, not counted": ([AvgPool2d(3, 2, ((2, 1), (0, 1)), count_padding=False)], IMAGE),
    "global pool": ([GlobalAvgPool2d()], IMAGE),
    "global max pool": ([GlobalMaxPool2d()], IMAGE),
    "relu": ([ReLU()], IMAGE),
    "leaky relu": ([LeakyReLU(0.2)], ROW),
    "elu": ([ELU(0.7)], IMAGE),
    "sigmoid": ([Sigmoid()], ROW),
    "silu": ([SiLU()], IMAGE),
    "gelu": ([GELU()], IMAGE),
    "tanh": ([Tanh()], IMAGE),
    "scale": ([Scale(0.25)], ROW),
    "dropout": ([Dropout(0.4)], IMAGE),
    "dropout, classic": ([Dropout(0.4, "classic")], IMAGE),
    "batch-norm of images": ([BatchNorm(eps=1e-2)], IMAGE),
    "batch-norm of rows": ([BatchNorm(0.3)], ROW),
    "layer-norm of images": ([LayerNorm(eps=1e-2)], IMAGE),
    "layer-norm after a convolution": ([Conv2d(3, 2), LayerNorm(), Flatten(), Linear(4)], IMAGE),
    "layer-norm of rows": ([LayerNorm()], ROW),
    "group-norm of images": ([GroupNorm(2, eps=1e-2)], IMAGE),
    "group-norm after a convolution": ([Conv2d(6, 3), GroupNorm(6), ReLU(), GroupNorm(1)], IMAGE),
    "group-norm of rows": ([GroupNorm(3)], ROW),
    "flatten": ([Conv2d(3, 2), Flatten(), Linear(4)], IMAGE),
    "flatten of rows": ([Flatten(), Linear(4)], ROW),
    "residual": ([Residual([Conv2d(4, 3, padding=1), BatchNorm(), ReLU()])], IMAGE),
    "residual, shortcut": ([Residual([Conv2d(5, 3, 2, 1)], [Conv2d(5, 1, 2), BatchNorm()]), ReLU()], IMAGE),
    "residual of rows": ([Residual([Linear(6), Tanh()]), Linear(2)], ROW),
    "concatenate": ([Concatenate([[Conv2d(2, 1)], [], [MaxPool2d(3, 1, 1), Conv2d(3, 1)]])], IMAGE),
    "concatenate of rows": ([Concatenate([[Linear(2)], [Linear(3), ReLU()]]), Linear(2)], ROW),
    "nested": ([Chain([Conv2d(3, 3), Sequential(BatchNorm(), ReLU())]), Sequential(Flatten(), Linear(2))], IMAGE),
    "branches in branches": (
        [Residual([Concatenate([[Conv2d(1, 1)], [Residual([Conv2d(4, 1)]), Conv2d(3, 1)]])]), GlobalAvgPool2d()],
        IMAGE,
    ),
}
ARCHITECTURES = {
    "mlp": (mlp(3, (9,), batchnorm=True, dropout=0.2, activation="elu", head_scale=0.5), (8, 8, 1)),
    "mlp of rows": (mlp(3, (9,), activation="leaky_relu"), ROW),
    "cnn": (cnn(3, (Block(6, residual=False), Block(6, 3, residual=True)), (7,), batchnorm=True), (8, 8, 3)),
    "cnn, tanh": (cnn(3, (Block(4, 5, 2, ((2, 1), (1, 2))),), activation="tanh"), (12, 10, 1)),
    "lenet": (lenet(3), (16, 16, 1)),
    "mnist_model4": (mnist_model4(3), (8, 8, 1)),
    "fer_cnn": (fer_cnn(3), (8, 8, 1)),
    "vgg_small": (vgg_small(3, (4, 8), dropout=0.1), (8, 8, 3)),
    "vgg_small, flatten": (vgg_small(3, (4, 8), convs=1, head="flatten"), (8, 8, 3)),
    "images_cnn": (images_cnn(3, 12, 16), (12, 14, 3)),
    "resnet": (resnet(3, 18, stem="imagenet"), (16, 16, 3)),
    "resnet, pre-activation": (resnet(3, 18, preactivation=True, zero_init=True, head_scale=0.5), (8, 8, 3)),
}


def built(layers, shape, seed=0) -> Sequential:
    """A built model of fresh layers, in training for three batches, so that its statistics are its own."""
    model = (layers if isinstance(layers, Sequential) else Sequential(*layers)).fresh()
    rng = np.random.default_rng(seed)
    model.build(shape, seed=seed)
    for _ in range(3):
        model.forward(rng.standard_normal((9, *shape)) + 0.3, train=True, rng=rng)
    for name, value in model.arrays().items():
        if name.endswith(("bias", "beta", "gamma")):
            value[...] += rng.uniform(-0.3, 0.3, value.shape)
    return model


@cache
def architecture(name: str) -> Sequential:
    """The built model of an architecture, which all tests share and none may change."""
    return built(*ARCHITECTURES[name])


def classifier(model: Sequential, rng, loss=None, **fields) -> Classifier:
    """A classifier of pixels, or of rows on very different scales, with this model."""
    shape = model.input_shape
    loss = loss or losses.SoftmaxCrossEntropy()
    count = 2 if loss.binary else model.output_shape[0]
    if len(shape) == 3:
        x, mode = rng.integers(0, 256, (30, *shape), dtype=np.uint8), "channel"
    else:
        x, mode = rng.standard_normal((30, *shape)) * 1e-3 + 1e6, "feature"
    made = Classifier(
        model=model,
        loss=loss,
        standardizer=Standardizer.fit(x, mode),
        classes=tuple(f"class {k}" for k in range(count)),
        value_range=ValueRange.fit(x),
    )
    return replace(made, **fields)


VIEWS = {
    "one": EvaluationAugment(),
    "flips": EvaluationAugment(flips=True),
    "shifts": EvaluationAugment(shift=2),
    "both": EvaluationAugment(flips=True, shift=1),
}
