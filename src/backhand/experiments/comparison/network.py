"""A network as a learner of a comparison: its study is trained on a fold instead of on the data that it names."""

import time
from dataclasses import dataclass
from pathlib import Path

from backhand.data.dataset import Splits
from backhand.errors import DivergenceError, StudyError
from backhand.experiments.build import Feeds, make_feeds
from backhand.experiments.comparison.outcome import Outcome
from backhand.experiments.course import course_of
from backhand.experiments.decide import decide_counts, with_some_rate
from backhand.experiments.splits import divided
from backhand.experiments.trainer import Trainer
from backhand.study import Study
from backhand.study.auto import is_auto


def perceptron(*, regression: bool = False) -> str:
    """The path of the study that is compared if the user names no study: for classes, or for a number to predict."""
    return str(Path(__file__).with_name("regression.toml" if regression else "perceptron.toml"))


@dataclass(frozen=True)
class Network:
    """The network of a study. Its validation split, which chooses the epoch, is held out of the training samples."""

    study: Study

    @property
    def name(self) -> str:
        """The name of its study."""
        return self.study.name

    @property
    def settings(self) -> str:
        """A description of the study in one line."""
        train = self.study.train
        model = ", ".join(f"{key} {value}" for key, value in self.study.model.model_dump(exclude_defaults=True).items())
        description = self.study.title or f"network ({model})"
        epochs = "as many epochs as suit the data," if is_auto(train.epochs) else f"at most {train.epochs} epochs of"
        return f"{description}; {train.optimizer.kind}, {epochs} batches of {train.batch_size}"

    def check(self, splits: Splits) -> None:
        """Raises BackhandError if the study cannot be trained on these data, or starts from trained weights."""
        if self.study.train.init_from is not None or self.study.extend is not None:
            raise StudyError(
                f"{self.name} starts from trained weights, which may have seen the test samples; "
                f"leave out train.init_from or extend"
            )
        feeds = self._feeds(splits)
        Trainer.of(with_some_rate(decide_counts(self.study, feeds)), feeds)

    def train_and_predict(self, splits: Splits) -> Outcome:
        """Train as the study says, and predict the test samples. Raises DivergenceError, which names the study."""
        start = time.perf_counter()
        trainer = Trainer.of(self.study, self._feeds(splits)).fit()
        if trainer.error is not None:
            raise DivergenceError(f"{self.name}: {trainer.error}") from trainer.error
        train_end = time.perf_counter()
        result = trainer.test()
        chosen: dict[str, int | None] = {"epoch": trainer.chosen_epoch}
        not_finite = len(result.not_finite)
        if not_finite and splits.is_regression:
            raise DivergenceError(f"{self.name}: {not_finite} predictions are not finite; lower train.optimizer.lr")
        if not_finite:
            chosen["scores_not_finite"] = not_finite
        failure = course_of(trainer, result).sentence()
        return Outcome(result.predictions, train_end - start, time.perf_counter() - train_end, chosen, failure)

    def _feeds(self, splits: Splits) -> Feeds:
        return make_feeds(self.study, divided(splits, self.study))
