"""Series of runs: every cell of every part trained and judged, and the claims beside what came out."""

from backhand.experiments.series.work import run

__all__ = ["run"]
