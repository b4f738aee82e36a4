"""A whole training in float64 against the same training in torch: losses, weights, running statistics."""

import numpy as np
import pytest
import torch
from torch import nn

from backhand.architectures import mlp
from backhand.arrays import Array
from backhand.data.dataset import Dataset
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.penalty import L2
from backhand.training.solver import Solver
from tests.training.callbacks import Recorder

STRENGTH, LR, MOMENTUM = 0.01, 0.05, 0.9


def samples() -> Dataset:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 3, 65)
    return Dataset(rng.standard_normal((65, 5)) + 0.5 * np.eye(5)[y], y)


def in_torch(model: Sequential) -> nn.Sequential:
    """The same layers in torch, with copies of the same weights (torch keeps them transposed)."""
    kinds = {"linear": lambda layer: nn.Linear(*layer.params["weight"].shape), "relu": lambda _: nn.ReLU()}
    kinds |= {"batchnorm": lambda layer: nn.BatchNorm1d(layer.input_shape[-1], layer.eps, layer.momentum)}
    kinds |= {"flatten": lambda _: nn.Flatten()}
    other = nn.Sequential(*(kinds[layer.op_name](layer) for layer in model.layers)).double()
    with torch.no_grad():
        for layer, twin in zip(model.layers, other, strict=True):
            for own, tensor in zip(layer.params.values(), twin.parameters(), strict=True):
                tensor.copy_(torch.tensor(own.T))
    return other


def train_in_torch(net: nn.Sequential, batches: list[tuple[Array, Array]]) -> list[float]:
    """SGD with momentum on cross-entropy + λ/2 Σ w²; the losses before each step, without the penalty."""
    weights = [layer.weight for layer in net if isinstance(layer, nn.Linear)]
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    losses = []
    for x, y in batches:
        loss = nn.functional.cross_entropy(net(torch.tensor(x)), torch.tensor(y))
        losses.append(loss.item())
        optimizer.zero_grad()
        (loss + STRENGTH / 2 * sum((w**2).sum() for w in weights)).backward()
        optimizer.step()
    return losses


@pytest.mark.parametrize("batchnorm", [False, True])
@pytest.mark.usefixtures("one_thread")
def test_30_steps_equal_those_of_torch(exact, batchnorm: bool) -> None:
    model = mlp(3, (16, 8), batchnorm=batchnorm).build((5,), seed=4, dtype=np.float64)
    twin = in_torch(model)
    recorder = Recorder()
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), 15, L2(STRENGTH), callbacks=[recorder])
    solver.fit(exact(samples()), epochs=6)  # 65 samples in batches of 15: the last of each epoch has 5
    assert len(recorder.losses) == 30

    np.testing.assert_allclose(recorder.losses, train_in_torch(twin, recorder.batches), rtol=0, atol=1e-10)
    for layer, other in zip(model.layers, twin, strict=True):
        for own, tensor in zip(layer.params.values(), other.parameters(), strict=True):
            np.testing.assert_allclose(own.T, tensor.detach().numpy(), rtol=0, atol=1e-10)
        for name, own in layer.state.items():
            np.testing.assert_allclose(own, getattr(other, name).numpy(), rtol=0, atol=1e-10, err_msg=name)

    x = samples().x
    twin.eval()
    np.testing.assert_allclose(model.forward(x), twin(torch.tensor(x)).detach().numpy(), rtol=0, atol=1e-10)
