"""A question from its first cell to its last; killed at any moment, it goes on with the cell it was at."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backhand.console.terminal import make_console
from backhand.errors import BackhandError, CheckpointError, DivergenceError, StudyError, closest
from backhand.experiments import environment, folder
from backhand.experiments.build import Feeds
from backhand.experiments.kinds import QUESTION
from backhand.experiments.questions import divergence, dropout, sigmoid
from backhand.experiments.search.loop import value_text
from backhand.experiments.search.space import Assignment, check, grid, refuse_changes
from backhand.experiments.search.trial import feeds as judged_on
from backhand.experiments.trainer import Trainer
from backhand.experiments.workspace import OccupiedError, taken
from backhand.files import jsontext
from backhand.files.atomic import write_atomic
from backhand.files.paths import PathLike, as_path
from backhand.study import Study, changed, load, to_toml
from backhand.study.auto import AUTO
from backhand.study.search import Search

FILE = "question.json"


class AnotherStudyError(OccupiedError, StudyError):
    """A question whose folder holds the same question about another study."""


@dataclass(frozen=True)
class Question:
    """A study, in the TOML file of the question's name, with a grid over these keys, and what to see in each cell."""

    name: str
    keys: tuple[str, ...]
    look: Callable[[Study, Feeds], dict[str, Any]]

    def study(self, overrides: Sequence[str] = (), seed: int | None = None) -> Study:
        """Its study, changed as `--set` says. Raises StudyError as `load` does, and for a grid over other keys."""
        study = load(str(Path(__file__).with_name(f"{self.name}.toml")), overrides, seed)
        search = study.search
        asked = search is not None and search.method == "grid" and set(search.space) == set(self.keys)
        if search is None or not asked or any(entry.when for entry in search.space.values()):
            raise StudyError(
                f"the question {self.name} is asked over a grid of {' and '.join(self.keys)}; "
                f"search.space may give these keys other values; no other keys and no conditions"
            )
        if not study.data.validation:
            raise StudyError("a question is judged on validation data, and data.validation is 0; give it a share")
        return study


QUESTIONS = {
    name: Question(name, module.KEYS, module.look)
    for name, module in {"sigmoid": sigmoid, "dropout": dropout, "divergence": divergence}.items()
}


def ask(
    name: str,
    path: PathLike,
    *,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    data_dir: PathLike | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train every cell of the grid that question.json does not hold yet; returns what it then holds.

    Raises BackhandError for what a user can mend: an unknown question, data that are missing, a folder of another.
    """
    if name not in QUESTIONS:
        raise BackhandError(f'there is no question "{name}"{closest(name, QUESTIONS)}')
    path = as_path(path)
    data_dir = environment.data_dir(path, data_dir, resume=(path / FILE).exists())
    question, trainer = QUESTIONS[name], Trainer(data_dir)
    study = question.study(overrides, seed)
    search = study.search
    assert search is not None
    _refuse_open(study)
    check(study, search.space)
    refuse_changes(study.changes, search.space)
    with taken(path, QUESTION, data=[study.data.path]):
        _refuse_another(path, study)
        record = _opened(path, question, study, search, judged_on(trainer, changed(study, {})))
        if not (path / folder.STUDY).exists():
            write_atomic(path / folder.STUDY, to_toml(study))
        environment.note(path, study.seed, data_dir, anew=not record["cells"])
        _answer(question, study, search, trainer, record, path, quiet)
    return record


def _answer(
    question: Question,
    study: Study,
    search: Search,
    trainer: Trainer,
    record: dict[str, Any],
    path: Path,
    quiet: bool,
) -> None:
    console, cells = make_console(quiet=quiet), record["cells"]
    console.print(f"folder: {path}")
    console.print(f"{study.title}  {record['planned']} cells on {record['data']['title']}")
    for remark in trainer.feeds(changed(study, {})).splits.remarks:
        console.print(remark)
    done = [cell["values"] for cell in cells]
    for values in grid(search.space):
        if _plain(values) in done:
            continue
        begin = time.perf_counter()
        asked = changed(study, values)
        try:
            found = question.look(asked, trainer.feeds(asked))
        except DivergenceError as error:
            raise DivergenceError(f"{_words(values)}: {error}") from None
        cells.append({"values": _plain(values), "seconds": time.perf_counter() - begin, "found": found})
        folder.write_json(path / FILE, record)
        left = sum(cell["seconds"] for cell in cells) / len(cells) * (record["planned"] - len(cells))
        count = f"{len(cells)}/{record['planned']}"
        console.print(f"cell {count:>7}  {_words(values)}  {cells[-1]['seconds']:.1f} s  {left:.0f} s left")


def _refuse_open(study: Study) -> None:
    """A question varies one thing and holds the others: nothing may be decided cell by cell."""
    for key, value in (("train.optimizer.lr", study.train.optimizer.lr), ("train.epochs", study.train.epochs)):
        if value == AUTO:
            raise StudyError(f'{key} = "{AUTO}" would differ from cell to cell of a question; give it a number')


def _refuse_another(path: Path, study: Study) -> None:
    """Raises AnotherStudyError when the folder holds another one."""
    if (path / folder.STUDY).exists():
        differs = folder.difference(folder.settings(folder.read_study(path)), folder.settings(study))
        if differs is not None:
            raise AnotherStudyError(
                f"{path} belongs to another study: {differs}; ask for the same, or choose another --out"
            )


def _opened(path: Path, question: Question, study: Study, search: Search, feeds: Feeds) -> dict[str, Any]:
    """What was found before, or a record without cells. Raises CheckpointError for other data or a damaged file."""
    data = _described(feeds)
    if not (path / FILE).exists():
        record = {
            "question": question.name,
            "study": study.model_dump(mode="json", exclude_none=True),
            "environment": environment.describe(study.seed),
            "data": data,
            "planned": sum(1 for _ in grid(search.space)),
            "cells": [],
        }
        folder.write_json(path / FILE, record)
        return record
    try:
        record = jsontext.loads((path / FILE).read_text("utf-8"))
        same = record["data"]["sha256"] == data["sha256"]
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path / FILE} is damaged; remove it to begin anew") from None
    if not same:
        raise CheckpointError(f"{path} was begun with other data; give it the same --data-dir, or choose another --out")
    return record


def _described(feeds: Feeds) -> dict[str, Any]:
    counts = feeds.counts()
    return {
        "title": feeds.splits.title,
        "source": feeds.splits.source,
        "classes": len(feeds.splits.classes),
        "counts": {part: int(each.sum()) for part, each in counts.items()},
        "baseline": float(counts["validation"].max() / counts["validation"].sum()),
        "sha256": feeds.fingerprint(),
    }


def _words(values: Assignment) -> str:
    return "  ".join(f"{key.rpartition('.')[2]}={value_text(value)}" for key, value in values.items())


def _plain(values: Assignment) -> Assignment:
    """As JSON gives it back: tuples are lists."""
    return json.loads(json.dumps(values))
