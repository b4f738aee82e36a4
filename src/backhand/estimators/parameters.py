"""The parameters of both estimators, with their defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from sklearn.base import BaseEstimator

from backhand.data.standardize import Mode
from backhand.layers import Layer
from backhand.model.sequential import Sequential
from backhand.training.callbacks import Callback
from backhand.training.schedules import Schedule


@dataclass(eq=False, repr=False)
class CommonParameters(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The parameters that have the names and the defaults of scikit-learn's `MLPClassifier`.

    hidden_layer_sizes, activation: the widths of the hidden layers; "relu", "tanh", "logistic", "leaky_relu", "elu",
    "silu" or "gelu". The weights start as Glorot's.
    solver: "adam", "sgd", "adamw" or "rmsprop". alpha: the strength of the L2 penalty, over the size of a batch.
    batch_size: samples per step; "auto": 200, or all where there are fewer.
    learning_rate: "constant", "invscaling" or "adaptive"; learning_rate_init, power_t: the rate, and how it falls.
    max_iter: the most epochs. shuffle: whether each epoch has an order of its own.
    random_state: of all that is drawn. tol, n_iter_no_change: the fit ends after so many epochs without an improvement
    by more than tol. verbose: whether progress is shown.
    warm_start: whether `fit` goes on from the last weights; the learning rate runs its course anew.
    momentum, nesterovs_momentum, beta_1, beta_2, epsilon: of the solver.
    early_stopping, validation_fraction: whether the score of held-out samples decides, and their share.
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: str = "relu"
    _: KW_ONLY
    solver: Literal["adam", "sgd", "adamw", "rmsprop"] = "adam"
    alpha: float = 0.0001
    batch_size: int | Literal["auto"] = "auto"
    learning_rate: Literal["constant", "invscaling", "adaptive"] = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: Any = None
    tol: float = 1e-4
    verbose: bool = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: int = 10


@dataclass(eq=False, repr=False)
class Parameters(CommonParameters):
    """The parameters that `BackhandClassifier` and `BackhandRegressor` share: `CommonParameters`, and Backhand's own.

    model: a network in place of the perceptron: a name such as "images_cnn", a table such as {"name": "mlp", "hidden":
    [50]} as in a study, a `Sequential`, or a list of layers. Layers are those of a new network, whose weights are drawn
    by random_state: what a `Sequential` has learnt, or has frozen, is not taken over.
    dropout, batchnorm: of the perceptron.
    standardize: how samples are scaled: "auto" (each column, each channel of images), "feature", "channel", "global",
    "none". augment: random changes of training images, such as {"flip": True}, as in a study.
    schedule: "cosine", "one_cycle" or a `Schedule`, in place of learning_rate. weight_decay, clip_norm: as of `Solver`.
    callbacks: see `Callback`. n_jobs: the threads of the kernels; None or -1: all cores.
    dtype: "float32", or "float64", in which no kernels run.
    """

    _: KW_ONLY
    model: str | Mapping[str, Any] | Sequential | Sequence[Layer] | None = None
    dropout: float = 0.0
    batchnorm: bool = False
    standardize: Mode | Literal["auto"] = "auto"
    augment: Mapping[str, Any] | None = None
    schedule: Literal["cosine", "one_cycle"] | Schedule | None = None
    weight_decay: float = 0.0
    clip_norm: float | None = None
    callbacks: Sequence[Callback] | None = None
    n_jobs: int | None = None
    dtype: Literal["float32", "float64"] = "float32"
