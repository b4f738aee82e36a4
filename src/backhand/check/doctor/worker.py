"""The process that examines the networks of a person's file, which `process` starts."""

from typing import Any, NoReturn

from backhand.check.review.worker import STAGE, PartsFile, run_limited

DONE = "diagnosis"  # the kind of the part that holds a whole diagnosis


def main() -> NoReturn:
    """Examine the file that the command line names."""
    run_limited(_examine)


def _examine(target: str, parts: PartsFile) -> dict[str, Any]:
    from backhand.check.doctor.subjects import diagnoses

    done = []
    for diagnosis in diagnoses(target, lambda stage: parts.append(STAGE, {"name": stage})):
        done.append(diagnosis.to_json())
        parts.append(DONE, done[-1])
    return {"diagnoses": done}
