"""What runs in the process of one review."""

import json
import os
import traceback
import warnings
from pathlib import Path


def write_review(path: str, units: tuple[str, ...], result: str) -> None:
    """Review a file, of all units or of those with these names, and write the review as JSON."""
    from backhand.check.review.examine import review
    from backhand.check.review.records import Review

    warnings.simplefilter("ignore")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        found = review(path, wanted=lambda unit: not units or unit.name in units)
    except Exception:  # what is told of it in the table
        found = Review(path, failure=f"the review itself failed:\n{traceback.format_exc()}")
    part = Path(result).with_suffix(".part")
    part.write_text(json.dumps(found.to_json(), default=float), "utf-8")
    part.rename(result)
