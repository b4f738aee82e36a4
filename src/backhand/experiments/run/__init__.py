"""Runs: a study is trained and tested, and its results are saved in a folder, from which its report is made."""

from backhand.experiments.kind import Kind
from backhand.files.names import BEST, EVIDENCE, HISTORY, LOG, LOG_STEPS, METRICS, RANGE_TEST, STATE, STUDY

KIND = Kind(
    "a run",
    package=__name__,
    command="run",
    mark=STUDY,
    first=(STUDY, METRICS),
    later=(HISTORY, BEST, STATE, f"{STATE}.new", EVIDENCE, RANGE_TEST, LOG, LOG_STEPS),
    result=METRICS,
)
