"""What runs in the process of one review."""

import json
import os
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

SECONDS = 60  # of the processor, for one review


def _limit() -> None:
    """End this process when it has used so many seconds of the processor, where the system can."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def write_passes(path: str, unit: str, result: str) -> None:
    """Run the passes of a layer in every configuration that it takes, and write all that they give as JSON."""
    from backhand.check.kinds.table import spoken_kinds
    from backhand.check.reading.choice import read
    from backhand.check.reading.inventory import find_units
    from backhand.check.review.readings import kinds_for
    from backhand.check.source.program import load

    warnings.simplefilter("ignore")
    own = next(each for each in find_units(load(Path(path))) if each.name == unit)
    reading = read(own, kinds_for(own), spoken_kinds(unit))
    values: list[object] = []
    for config in reading.kind.configs():
        with suppress(Exception):  # a configuration that the layer does not take
            passage = reading.specimen_for(config).forward()
            dy = np.random.default_rng(5).standard_normal(passage.y.shape)
            values.append(passage.y.tolist())
            values += [None if each is None else each.tolist() for each in passage.backward(dy).values.values()]
    Path(result).write_text(json.dumps(values), "utf-8")


def write_review(path: str, units: tuple[str, ...], result: str) -> None:
    """Review a file, of all units or of those with these names, and write the review as JSON."""
    from backhand.check.review.examine import review
    from backhand.check.review.records import Review

    _limit()
    warnings.simplefilter("ignore")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        found = review(path, wanted=lambda unit: not units or unit.name in units)
    except Exception:  # what is told of it in the table
        found = Review(path, failure=f"the review itself failed:\n{traceback.format_exc()}")
    part = Path(result).with_suffix(".part")
    found = replace(found, seconds=time.process_time())  # of this process alone, whatever else the machine does
    part.write_text(json.dumps(found.to_json(), default=float), "utf-8")
    part.rename(result)
