"""One experiment: a study becomes data, a model and a solver, is trained, and leaves a folder that reports read."""

from backhand.experiment.run import run

__all__ = ["run"]
