"""Series of runs: every cell of every part trained and judged, and the claims beside what came out."""

from backhand.series.run import run

__all__ = ["run"]
