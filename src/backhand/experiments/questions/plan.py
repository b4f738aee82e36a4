"""The questions that can be asked: for each, a study with a grid over certain keys, and the measurement of a cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backhand.errors import BackhandError, StudyError, closest
from backhand.experiments.build import Feeds
from backhand.experiments.questions import divergence, dropout, sigmoid
from backhand.experiments.questions.observations import Gradients, Losses, Masks
from backhand.experiments.regressions import refuse_regression
from backhand.experiments.search.space import check, refuse_changes
from backhand.study import Study, load
from backhand.study.auto import AUTO, is_auto


@dataclass(frozen=True)
class Question:
    """A question: its study is in the TOML file of its name.

    keys: what the grid of the study is over.   measure: trains a cell of the grid, and returns what is saved of it.
    """

    name: str
    keys: tuple[str, ...]
    measure: Callable[[Study, Feeds], Gradients | Masks | Losses]

    def study(self, overrides: Sequence[str] = (), seed: int | None = None) -> Study:
        """The study of the question, changed as `--set` says. Raises StudyError as `load` and `refuse_unfit` do."""
        study = load(str(Path(__file__).with_name(f"{self.name}.toml")), overrides, seed)
        self.refuse_unfit(study)
        assert study.search is not None
        check(study, study.search.space)
        refuse_changes(study.changes, study.search.space)
        return study

    def refuse_unfit(self, study: Study) -> None:
        """Raises StudyError for a grid over other keys, without validation data, and for settings that are "auto"."""
        refuse_regression(study, "a question", "ask it of data with classes, such as --set data.name=digits")
        search = study.search
        fits = search is not None and search.method == "grid" and set(search.space) == set(self.keys)
        if search is None or not fits or any(entry.when for entry in search.space.values()):
            raise StudyError(
                f"the question {self.name} is asked over a grid of {' and '.join(self.keys)}; "
                f"search.space may give these keys other values; no other keys and no conditions"
            )
        if not study.data.validation:
            raise StudyError("a question is judged on validation data, and data.validation is 0; give it a share")
        for key, value in (("train.optimizer.lr", study.train.optimizer.lr), ("train.epochs", study.train.epochs)):
            if is_auto(value):
                raise StudyError(f'{key} = "{AUTO}" would differ from cell to cell of a question; give it a number')


QUESTIONS = {
    name: Question(name, module.KEYS, module.measure)
    for name, module in {"sigmoid": sigmoid, "dropout": dropout, "divergence": divergence}.items()
}


def question(name: str) -> Question:
    """The question of this name. Raises BackhandError, with the closest name, where there is none."""
    if name not in QUESTIONS:
        raise BackhandError(f'there is no question "{name}"{closest(name, QUESTIONS)}')
    return QUESTIONS[name]
