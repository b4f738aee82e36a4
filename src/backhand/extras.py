"""The packages that only parts of the program need, and the sentence that says how to install them.

`pip install backhand` brings what training, checking and predicting need. The rest comes in groups, the extras of
pyproject.toml. Whoever imports a package of a group, late, asks the group for it first: `REPORT.require("a report")`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from backhand.errors import BackhandError


class MissingExtraError(BackhandError):
    """Something that needs a package which is not installed."""


@dataclass(frozen=True)
class Extra:
    """The packages that `pip install 'backhand[NAME]'` adds, each by the name of its module.

    in_all: whether `pip install 'backhand[all]'` adds them, too.
    """

    name: str
    packages: Mapping[str, str]
    in_all: bool = True

    @property
    def command(self) -> str:
        """The command that installs them."""
        return f"pip install 'backhand[{self.name}]'"

    def require(self, purpose: str) -> None:
        """Import the packages. Raises MissingExtraError, which says how to install them, where one is missing.

        purpose: what needs them, as the beginning of the sentence, such as "a report".
        """
        for module, package in self.packages.items():
            try:
                import_module(module)
            except ImportError as error:
                is_there = not isinstance(error, ModuleNotFoundError) or error.name != module
                reason = f", which cannot be imported ({error})" if is_there else ""
                raise MissingExtraError(f"{purpose} needs {package}{reason}; install it by `{self.command}`") from error

    def is_installed(self) -> bool:
        """Whether all packages can be imported."""
        try:
            self.require("")
        except MissingExtraError:
            return False
        return True


REPORT = Extra("report", {"matplotlib": "matplotlib", "jinja2": "jinja2"})
SEARCH = Extra("search", {"optuna": "optuna", "sklearn": "scikit-learn"})
COMPARE = Extra("compare", {"sklearn": "scikit-learn"})
EXPORT = Extra("export", {"onnx": "onnx", "onnxruntime": "onnxruntime"})
HUB = Extra("hub", {"huggingface_hub": "huggingface-hub"})
TENSORBOARD = Extra("tensorboard", {"tensorboard": "tensorboard"})
MLFLOW = Extra("mlflow", {"mlflow": "mlflow-skinny", "sqlalchemy": "sqlalchemy", "alembic": "alembic"}, in_all=False)
WANDB = Extra("wandb", {"wandb": "wandb"}, in_all=False)
DASK = Extra("dask", {"distributed": "distributed"}, in_all=False)
MPI = Extra("mpi", {"mpi4py": "mpi4py"}, in_all=False)
POSTGRESQL = Extra("postgresql", {"psycopg": "psycopg"}, in_all=False)
GRPC = Extra("grpc", {"grpc": "grpcio", "google.protobuf": "protobuf"}, in_all=False)
EXTRAS = REPORT, SEARCH, COMPARE, EXPORT, HUB, TENSORBOARD, MLFLOW, WANDB, DASK, MPI, POSTGRESQL, GRPC
