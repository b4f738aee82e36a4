"""A network as a learner: a study, trained on a fold instead of on its own data."""

import time
from dataclasses import dataclass
from pathlib import Path

from backhand.data.dataset import Splits
from backhand.errors import DivergenceError, StudyError
from backhand.experiments.build import Feeds, make_feeds
from backhand.experiments.comparison.outcome import Outcome
from backhand.experiments.course import course
from backhand.experiments.decide import decide_counts, with_some_rate
from backhand.experiments.splits import divided
from backhand.experiments.trainer import Trainer
from backhand.study import Study
from backhand.study.auto import is_auto


def perceptron() -> str:
    """The file of the study that stands for networks where none is named."""
    return str(Path(__file__).with_name("perceptron.toml"))


@dataclass(frozen=True)
class Network:
    """The network of a study. Its validation part, by which an epoch is chosen, is held out of the training samples."""

    study: Study

    @property
    def name(self) -> str:
        """The name of its study."""
        return self.study.name

    @property
    def settings(self) -> str:
        """The study, summarised in one line."""
        train = self.study.train
        model = ", ".join(f"{key} {value}" for key, value in self.study.model.model_dump(exclude_defaults=True).items())
        what = self.study.title or f"network ({model})"
        epochs = "as many epochs as suit the data," if is_auto(train.epochs) else f"at most {train.epochs} epochs of"
        return f"{what}; {train.optimizer.kind}, {epochs} batches of {train.batch_size}"

    def check(self, splits: Splits) -> None:
        """Raises BackhandError where this study cannot be trained on such data, or could have seen its test samples."""
        if self.study.train.init_from is not None or self.study.extend is not None:
            raise StudyError(
                f"{self.name} starts from trained weights, which may have seen the test samples; "
                f"leave out train.init_from or extend"
            )
        feeds = self._feeds(splits)
        Trainer.of(with_some_rate(decide_counts(self.study, feeds)), feeds)

    def train_and_predict(self, splits: Splits) -> Outcome:
        """Train as the study says, and predict. Raises DivergenceError, naming the study."""
        begin = time.perf_counter()
        trainer = Trainer.of(self.study, self._feeds(splits)).fit()
        if trainer.error is not None:
            raise DivergenceError(f"{self.name}: {trainer.error}") from trainer.error
        trained = time.perf_counter()
        result = trainer.test()
        chosen: dict[str, int | None] = {"epoch": trainer.chosen_epoch}
        if lost := len(result.not_finite):
            chosen["scores_not_finite"] = lost
        failure = course(trainer, result).sentence()
        return Outcome(result.predictions, trained - begin, time.perf_counter() - trained, chosen, failure)

    def _feeds(self, splits: Splits) -> Feeds:
        return make_feeds(self.study, divided(splits, self.study))
