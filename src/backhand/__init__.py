"""Back-propagation by hand, at the speed of the machine.

>>> import backhand as bh
>>> model = bh.Sequential(bh.Linear(64), bh.ReLU(), bh.Linear(3)).build((2,), seed=0)

Everything that most programs need is a name of this package. Each is imported when it is first used, so that
`import backhand` takes no time. `docs/reference/` lists them.
"""

import logging
from importlib import import_module
from typing import Any

__version__ = "0.1.0"
logging.getLogger(__name__).addHandler(logging.NullHandler())  # a program that wants the log adds a handler

# Module -> the names that it gives; `name=other` is what is `other` there. `__init__.pyi` tells type checkers the same.
_FROM = {
    "backhand.model": "Sequential",
    "backhand.layers": "AvgPool2d BatchNorm Chain Concatenate Conv2d Dropout ELU Flatten GELU GlobalAvgPool2d "
    "GlobalMaxPool2d GroupNorm Layer LayerNorm LeakyReLU Linear MaxPool2d ReLU Residual Scale SiLU Sigmoid Tanh",
    "backhand.architectures": "cnn fer_cnn images_cnn lenet mlp mnist_model4 resnet vgg_small",
    "backhand.training.losses": "AbsoluteError BinaryHinge Hinge Huber Logistic Loss SoftmaxCrossEntropy SquaredError",
    "backhand.training.penalty": "L2",
    "backhand.training.optimizers": "SGD Adam AdamW Optimizer RMSProp",
    "backhand.training.schedules": "Constant CosineDecay ExponentialDecay LinearRamp OneCycle ReduceOnPlateau Schedule "
    "StepDecay Warmup",
    "backhand.training.solver": "Solver",
    "backhand.training.averages": "ExponentialAverage StochasticAverage",
    "backhand.training.callbacks": "Callback Checkpoint DivergenceGuard EarlyStopping Limit",
    "backhand.training.progress": "ProgressBar",
    "backhand.training.live_plot": "LivePlot",
    "backhand.training.profiler": "Profiler",
    "backhand.loggers": "CsvLogger Logger MLflowLogger TensorBoardLogger WandbLogger",
    "backhand.training.evaluate": "evaluate",
    "backhand.training.range_test": "range_test",
    "backhand.training.lockstep": "fit_together",
    "backhand.attribution": "grad_cam saliency",
    "backhand.data": "Standardizer load stratified_split",
    "backhand.data.dataset": "Dataset Splits",
    "backhand.data.feed": "Feed",
    "backhand.data.show_batch": "show_batch",
    "backhand.check": "assert_gradients check_file check_layer check_model check_op",
    "backhand.weights": "transfer",
    "backhand.predictors": "load_model",
    "backhand.export": "export_model push_to_hub",
    "backhand.study": "Study load_study=load",
    "backhand.experiments.run.work": "run",
    "backhand.experiments.run.record": "load_run=read",
    "backhand.experiments.run.predict": "load_classifier load_predictor",
    "backhand.experiments.interpretation": "interpret",
    "backhand.estimators": "BackhandClassifier BackhandRegressor",
    "backhand.experiments.reports": "write_report=write",
    "backhand.backend": "use_backend=use using_backend=using",
    "backhand.precision": "training_in",
    "backhand.errors": "BackhandError CheckpointError DataError DivergenceError ModelError StudyError",
}
_WHERE = {
    name.partition("=")[0]: (module, name.rpartition("=")[2])
    for module, names in _FROM.items()
    for name in names.split()
}
__all__ = ["__version__", *sorted(_WHERE)]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'backhand' has no attribute '{name}'")
    module, attribute = _WHERE[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value  # from now on without this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
