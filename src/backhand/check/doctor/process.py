"""Examines a person's file in a process of its own with limits, as `check.review.process` reviews one."""

from collections.abc import Callable

from backhand.check.doctor.worker import DONE
from backhand.check.review.process import Limits, run_worker
from backhand.check.review.targets import refusal
from backhand.doctor.records import Diagnosis

WORKER = "backhand.check.doctor.worker"


def examine_file(
    target: str, limits: Limits | None = None, progress: Callable[[str], None] | None = None
) -> list[Diagnosis]:
    """Examine each network of a Python file or a notebook, within the limits; at least one diagnosis.

    Nothing that the person's code does is raised here. Where the process comes to no end, the diagnoses that were
    finished are followed by one that says why.
    """
    if failure := refusal(target):
        return [Diagnosis(target, failure=failure)]
    outcome = run_worker(WORKER, target, limits or Limits(), progress)
    done = [Diagnosis.from_json(value) for kind, value in outcome.parts if kind == DONE]
    if outcome.failure:
        done.append(Diagnosis(target, seconds=outcome.seconds, failure=outcome.failure))
    return done
