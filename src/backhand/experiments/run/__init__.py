"""A run: a study is trained and tested, and leaves a folder that its report reads."""

from backhand.experiments.run.work import run

__all__ = ["run"]
