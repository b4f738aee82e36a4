"""Convolutional networks from a list of blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

from backhand.architectures.activations import activation_and_init
from backhand.architectures.mlp import mlp
from backhand.layers import BatchNorm, Conv2d, Layer, MaxPool2d, Residual
from backhand.model.sequential import Sequential
from backhand.windows import Padding, Size


@dataclass(frozen=True)
class Block:
    """`convs` convolutions of `outputs` kernels, then max-pooling over windows of `pool` (1: none).

    residual: what goes into the convolutions is added to what comes out, so both have the same shape.
    """

    outputs: int
    kernel: Size = 3
    stride: Size = 1
    padding: Padding = "same"
    pool: int = 2
    convs: int = 1
    residual: bool = False


def cnn(
    outputs: int,
    blocks: Sequence[Block] = (Block(16), Block(32)),
    hidden: Sequence[int] = (),
    *,
    activation: str = "relu",
    dropout: float = 0.0,
    batchnorm: bool = False,
    head_scale: float = 1.0,
) -> Sequential:
    """A convolutional network: blocks of convolution, activation and pooling, then the layers of an `mlp`.

    outputs: the number of scores, one per class.
    blocks: a `Block` (of `backhand.architectures`) says how many convolutions of which size, and how to pool.
    hidden, dropout, head_scale: of the fully connected layers, as in `mlp`.
    activation: the name of a layer, such as "relu".
    batchnorm: whether batch normalisation stands before each activation; the convolutions then have no bias.
    Raises ValueError for an unknown activation.
    """
    activate, init = activation_and_init(activation, None)
    layers: list[Layer] = []
    for block in blocks:
        body: list[Layer] = []
        for _ in range(block.convs):
            body.append(Conv2d(block.outputs, block.kernel, block.stride, block.padding, bias=not batchnorm, init=init))
            body += [*[BatchNorm()] * batchnorm, activate()]
        layers += [Residual(body)] if block.residual else body
        layers += [MaxPool2d(block.pool)] if block.pool > 1 else []
    head = mlp(outputs, hidden, activation=activation, dropout=dropout, batchnorm=batchnorm, head_scale=head_scale)
    return Sequential(*layers, *head.layers)
