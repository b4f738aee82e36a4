"""The table of the checks of whole networks, with their losses: a row for each."""

from backhand import layers as nn
from backhand.architectures import mlp
from backhand.check.inputs import Network
from backhand.model.sequential import Sequential
from backhand.training.losses import loss
from backhand.training.penalty import L2


def _convolutional() -> Sequential:
    """A small network with convolution, pooling, a residual block, and parallel branches."""
    return Sequential(
        *(nn.Conv2d(4, 3, padding="same", bias=False), nn.BatchNorm(), nn.ReLU(), nn.MaxPool2d(2, padding="same")),
        nn.Residual([nn.Conv2d(6, 3, padding=1), nn.BatchNorm()], [nn.Conv2d(6, 1, bias=False), nn.BatchNorm()]),
        *(nn.ReLU(), nn.Concatenate([[nn.Conv2d(3, 1)], [nn.AvgPool2d(3, 1, padding=1)]]), nn.Dropout(0.2)),
        *(nn.GlobalAvgPool2d(), nn.Linear(3)),
    )


def _of_samples() -> Sequential:
    """A small network that normalises each sample by itself."""
    return Sequential(
        *(nn.Conv2d(4, 3, padding="same"), nn.GroupNorm(2), nn.Tanh()),
        nn.Residual([nn.Conv2d(6, 3, padding=1), nn.LayerNorm()], [nn.Conv2d(6, 1, bias=False), nn.GroupNorm(6)]),
        *(nn.MaxPool2d(), nn.Flatten(), nn.Linear(8), nn.LayerNorm(), nn.ReLU(), nn.Linear(3)),
    )


NETWORKS: dict[str, list[Network]] = {
    "mlp relu softmax l2": [
        Network(mlp(4, (8, 6)), loss("softmax_cross_entropy"), (3, 2), penalty=L2(0.01)),
        Network(mlp(3, (5,)), loss("softmax_cross_entropy", smoothing=0.1), (4,), 1, L2(0.01, "whole")),
        Network(mlp(3, (5,)), loss("softmax_cross_entropy", class_weights=(0.3, 1.0, 2.0)), (4,)),
    ],
    "mlp batchnorm dropout hinge": [
        Network(mlp(4, (8, 6), batchnorm=True, dropout=0.3), loss("hinge"), (5,), 8, L2(0.1)),
        Network(mlp(3, (6,), activation="leaky_relu", batchnorm=True, dropout=0.5), loss("hinge"), (2, 2), 6),
    ],
    "cnn batchnorm residual": [
        Network(_convolutional(), loss("softmax_cross_entropy"), (6, 5, 2), 4, L2(0.1)),
        Network(_convolutional(), loss("hinge"), (7, 6, 1), 1),
    ],
    "cnn layer and group norm": [
        Network(_of_samples(), loss("softmax_cross_entropy"), (6, 5, 2), 4, L2(0.1)),
        Network(_of_samples(), loss("hinge"), (5, 6, 1), 1),
    ],
    "mlp tanh logistic": [Network(mlp(1, (6, 4), activation="tanh", dropout=0.2), loss("logistic"), (5,), 6)],
    "mlp regression": [
        Network(mlp(2, (6,)), loss("squared_error", center=(1.0, -2.0), scale=(0.5, 3.0)), (5,), 6, L2(0.1)),
        Network(mlp(1, (6,), activation="tanh"), loss("absolute_error"), (5,), 6),
        Network(mlp(3, (6,), activation="elu"), loss("huber", delta=0.7), (5,), 6),
    ],
    "mlp sigmoid binary_hinge": [Network(mlp(1, (6,), activation="sigmoid"), loss("binary_hinge"), (5,), 6, L2(0.1))],
}
