"""Folders of each kind that an earlier version left, and what is read of a folder to compare it."""

import json
import shutil
from pathlib import Path

from backhand import backend
from backhand.experiments import environment

FOLDERS = Path(__file__).parents[1] / "fixtures" / "folders"
COPIED = ("study",)  # of the study beside it, by earlier versions
SENTENCES = (
    "failure",
    "remark",
    "message",
    "changes",
    "train_metrics",
)  # whose words may change from version to version
TIMES = ("seconds", "saving_seconds", "elapsed", "started", "resumed", "command", "folder", "environment", "options")


def copy_of(folder, target):
    """A copy of a folder, with the folders in it, as if their experiments had begun on this machine, in this process.

    Else each would warn that other packages or threads may give other digits, and a warning is an error in tests.
    """
    shutil.copytree(folder, target)
    facts = environment.describe(0).facts
    here = {key: facts[key] for key in environment.DECISIVE if key in facts}
    for path in target.rglob("environment.json"):
        known = json.loads(path.read_text("utf-8"))
        options = known["options"] | {"threads": backend.threads()}
        path.write_text(json.dumps(known | here | {"options": options}), "utf-8")
    return target


def content(path):
    """The value in a file; the claims of a series were a list in earlier versions."""
    value = json.loads(path.read_text("utf-8"))
    return {"claims": value} if isinstance(value, list) else value


def timeless(value):
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if not key.endswith(TIMES) and key not in COPIED}
        return {key: bool(each) if key in SENTENCES else timeless(each) for key, each in kept.items()}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def results(folder):
    """What the experiment found, file by file; times, machines and commands aside."""
    files = [path for path in sorted(folder.rglob("*.json")) if path.name != "environment.json"]
    return {path.relative_to(folder).as_posix(): timeless(content(path)) for path in files}
