"""An extension from its studies to its figures; killed at any moment, it goes on where it was."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from backhand.arrays import Array
from backhand.console.terminal import make_console
from backhand.data.ranks import Ranks
from backhand.errors import DivergenceError
from backhand.experiments import environment, folder
from backhand.experiments.build import Feeds, load_feeds
from backhand.experiments.extension.plan import RECORD, finished, opened
from backhand.experiments.folder import write_json
from backhand.experiments.kinds import EXTENSION
from backhand.experiments.run import work
from backhand.experiments.workspace import taken
from backhand.files import jsontext
from backhand.files.paths import PathLike, as_path
from backhand.study import Study


def run(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> dict[str, Any]:
    """Train what the extension in the folder `path` asks for; returns its record, which is kept in extend.json.

    Each way is a run in a folder of its own, and trained once.
    Raises BackhandError for what a user can mend; a training that diverges is told in the record.
    """
    path, console = as_path(path), make_console(quiet=quiet)
    data_dir = environment.data_dir(path, data_dir, resume=True)
    opened(path)  # refuses what is none
    with taken(path, EXTENSION, resume=True):
        console.print(f"folder: {path}")
        return _train(path, data_dir, console)


def _train(path: Path, data_dir: Path | None, console: Console) -> dict[str, Any]:
    """What the record does not hold yet."""
    record, asked = opened(path)
    for way, study in asked.items():
        if "right" not in record["ways"][way]:
            console.print(f"\n{way}:")
            record["ways"][way] = _trained(study, path / way, data_dir, quiet=console.quiet)
            write_json(path / RECORD, record)
    if record.get("tree", {}) is None:
        with console.status("growing a decision tree"):
            record["tree"] = _tree(_with_all(next(iter(asked.values()))), data_dir)
        write_json(path / RECORD, record)
    return record


def _trained(study: Study, place: Path, data_dir: Path | None, *, quiet: bool) -> dict[str, Any]:
    """The run of one way: what it gets right, or why it stopped."""
    if folder.finished(place) is None:
        try:
            work.run(study, place, data_dir=data_dir, resume=(place / "study.toml").exists(), quiet=quiet)
        except DivergenceError as error:
            return {"stopped": str(error)}
    return finished(place) | {"curves": _curves(place)}


def _curves(place: Path) -> dict[str, list[float]]:
    """The accuracy on validation samples of the old and the new classes after each epoch, where there are any."""
    history = [jsontext.loads(line) for line in (place / "history.jsonl").read_text("utf-8").splitlines()]
    keys = {part: f"{part}_accuracy" for part in ("old", "new")}
    return {part: [epoch[key] for epoch in history] for part, key in keys.items() if key in history[0]}


def _with_all(study: Study) -> Study:
    """The same study on old and new data."""
    assert study.extend is not None
    table = study.extend.model_copy(update={"old_data": True, "afresh": True})
    return study.model_copy(update={"extend": table})


def _tree(study: Study, data_dir: Path | None) -> dict[str, Any]:
    """A decision tree, grown until its leaves are pure, on the training samples of all classes, not scaled."""
    from sklearn.tree import DecisionTreeClassifier

    feeds: Feeds = load_feeds(study, data_dir)
    train, test = feeds.train.data, feeds.test.data
    rows = _rows if train.is_image else Ranks.fit(train.x).transform
    grown = DecisionTreeClassifier(random_state=study.seed).fit(rows(train.x), train.y)
    right = grown.predict(rows(test.x)) == test.y
    K = len(feeds.splits.classes)
    return {
        "right": np.bincount(test.y[right], minlength=K).tolist(),
        "counts": np.bincount(test.y, minlength=K).tolist(),
        "leaves": int(grown.get_n_leaves()),
    }


def _rows(x: Array) -> Array:
    return x.reshape(len(x), -1)
