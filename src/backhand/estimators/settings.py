"""What the parameters of an estimator mean: the network, the optimiser, the schedule and the callbacks."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from numbers import Integral
from typing import Any

from backhand.architectures import mlp
from backhand.arrays import Shape
from backhand.errors import closest
from backhand.estimators.ranges import COUNT
from backhand.estimators.rates import Adaptive, Delayed, EndOfRate, InverseScaling
from backhand.layers import Layer
from backhand.model.sequential import Sequential
from backhand.study import make_table
from backhand.study.models import ModelTable
from backhand.study.table import Table
from backhand.training.callbacks import Callback, DivergenceGuard, EarlyStopping
from backhand.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from backhand.training.progress import ProgressBar
from backhand.training.schedules import CosineDecay, OneCycle, Schedule

ACTIVATIONS = {"logistic": "sigmoid"}  # scikit-learn's names of activations that have another one here
INIT = "glorot"  # whatever the activation, as in scikit-learn: in few steps, He's larger weights fit noise
SOLVERS = ("adam", "sgd", "adamw", "rmsprop")
RATES = ("constant", "invscaling", "adaptive")
SCHEDULES = ("cosine", "one_cycle")
ADAPTIVE_FACTOR = 0.2  # what "adaptive" multiplies the rate by, as scikit-learn does


class _Architecture(Table):
    """The table of a network, as the `model` of a study."""

    model: ModelTable


def make_model(estimator: Any, outputs: int, shape: Shape) -> Sequential:
    """The network, not built yet. Raises ValueError or StudyError for an unknown one."""
    model = estimator.model
    if model is None:
        model = _perceptron(estimator, outputs)
    elif isinstance(model, str | Mapping):
        table = {"name": model} if isinstance(model, str) else dict(model)
        model = make_table(_Architecture, model=table).model.make(outputs, shape)
    elif isinstance(model, Sequential):
        model = model.fresh()
    elif isinstance(model, Sequence) and all(isinstance(layer, Layer) for layer in model):
        model = Sequential(*(layer.fresh() for layer in model))
    else:
        raise ValueError(f"model must be a name, a table, a Sequential or a list of layers, not {model!r}")
    return model


def _perceptron(estimator: Any, outputs: int) -> Sequential:
    hidden = estimator.hidden_layer_sizes
    widths = (hidden,) if isinstance(hidden, Integral) or not isinstance(hidden, Iterable) else tuple(hidden)
    if not all(width in COUNT for width in widths):
        raise ValueError(f"hidden_layer_sizes must be an integer of 1 or more, or several, not {hidden!r}")
    activation = ACTIVATIONS.get(estimator.activation, estimator.activation)
    if activation == "identity":
        raise ValueError('activation="identity" makes a linear network; use hidden_layer_sizes=()')
    options = {"activation": activation, "dropout": estimator.dropout, "batchnorm": estimator.batchnorm}
    return mlp(outputs, tuple(map(int, widths)), init=INIT, **options)


def make_optimizer(estimator: Any) -> Optimizer:
    """The optimiser of the parameter `solver`. Raises ValueError for an unknown one."""
    lr, decay = estimator.learning_rate_init, estimator.weight_decay
    match estimator.solver:
        case "adam":
            return Adam(lr, estimator.beta_1, beta2=estimator.beta_2, eps=estimator.epsilon, weight_decay=decay)
        case "adamw":
            return AdamW(lr, estimator.beta_1, beta2=estimator.beta_2, eps=estimator.epsilon, weight_decay=decay)
        case "sgd":
            nesterov = estimator.nesterovs_momentum and estimator.momentum > 0
            return SGD(lr, estimator.momentum, nesterov=nesterov, weight_decay=decay)
        case "rmsprop":
            return RMSProp(lr, eps=estimator.epsilon, weight_decay=decay)
        case "lbfgs":
            raise ValueError('solver="lbfgs" is no method on mini-batches and is not there; use "adam"')
    raise ValueError(f'unknown solver "{estimator.solver}"{closest(str(estimator.solver), SOLVERS)}')


def make_schedule(estimator: Any, samples: int, per_epoch: int, start: int) -> Schedule | None:
    """The schedule of the learning rate: that of `schedule`, or else the one that `learning_rate` names.

    samples, per_epoch: the samples and the steps of an epoch. start: the steps that earlier fits have taken.
    Raises ValueError for an unknown one.
    """
    schedule = _schedule(estimator, samples, per_epoch)
    return Delayed(schedule.value, start, schedule) if start and not isinstance(schedule, Adaptive | None) else schedule


def _schedule(estimator: Any, samples: int, per_epoch: int) -> Schedule | None:
    lr, epochs = estimator.learning_rate_init, estimator.max_iter
    match estimator.schedule:
        case None:
            return _of_learning_rate(estimator, samples, per_epoch)
        case Schedule():
            return deepcopy(estimator.schedule)
        case "cosine":
            return CosineDecay(lr, per_epoch * epochs)
        case "one_cycle":
            return OneCycle(lr, per_epoch * epochs)
    raise ValueError(f"unknown schedule {estimator.schedule!r}{closest(str(estimator.schedule), SCHEDULES)}")


def _of_learning_rate(estimator: Any, samples: int, per_epoch: int) -> Schedule | None:
    lr = estimator.learning_rate_init
    match estimator.learning_rate:
        case "constant":
            return None
        case "invscaling":
            return InverseScaling(lr, estimator.power_t, per_epoch, samples)
        case "adaptive":
            patience = estimator.n_iter_no_change - 1
            return Adaptive(lr, ADAPTIVE_FACTOR, patience=patience, tol=max(estimator.tol, 0.0))
    raise ValueError(f'unknown learning_rate "{estimator.learning_rate}"{closest(str(estimator.learning_rate), RATES)}')


def make_callbacks(estimator: Any, monitored: str, early: bool) -> tuple[EarlyStopping, list[Callback]]:
    """The rule by which the fit stops, and all callbacks in their order.

    monitored: the figure of the validation split that is watched where `early`; else it is the training loss.
    """
    adaptive = estimator.learning_rate == "adaptive" and estimator.schedule is None
    patience = None if adaptive or estimator.tol < 0 else estimator.n_iter_no_change
    figure = f"validation_{monitored}" if early else "train_loss"
    stopping = EarlyStopping(patience, figure, restore_best=early, min_delta=max(estimator.tol, 0.0))
    end = [EndOfRate()] if adaptive and estimator.tol >= 0 else []
    bar = [ProgressBar()] if estimator.verbose else []
    return stopping, [DivergenceGuard(), stopping, *end, *bar, *(estimator.callbacks or ())]
