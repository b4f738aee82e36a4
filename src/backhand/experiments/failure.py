"""Whether a training that came to its end has failed, and why."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from backhand.page.chance import wilson

# What a training must explain of the loss of a constant answer: 1 - loss / constant, McFadden's pseudo-R².
# Source: McFadden 1974, "Conditional logit analysis of qualitative choice behavior".
LEAST = 0.01


@dataclass(frozen=True)
class KeptWeights:
    """How the kept weights did: `right` of `count` samples; commonest: how many of these are of the largest class.

    loss: their mean loss, but for samples far beyond those of the training, which say nothing of it; not finite where
    it could not be computed, and None where nothing is known.
    """

    split: str
    right: int
    count: int
    commonest: int
    loss: float | None = None

    @property
    def learned(self) -> bool:
        """Whether they are right more often than always giving the commonest class, by more than chance."""
        return wilson(self.right, self.count)[0] > self.commonest / self.count


@dataclass(frozen=True)
class KeptErrors:
    """How the kept weights of a regression did.

    r2: the share of the variance of the targets that they explain; not finite where it could not be computed.   loss:
    as in `KeptWeights`.
    """

    split: str
    r2: float
    loss: float | None = None

    @property
    def learned(self) -> bool:
        """Whether they are closer to the targets than their mean is. Targets that do not vary cannot tell."""
        return not self.r2 <= 0


@dataclass(frozen=True)
class Course:
    """A training: its loss epoch by epoch, and the loss of giving every sample the same answer, `constant`.

    tested: how the kept weights do on the test split.   kept_epoch: the epoch of those weights.   lr: the initial
    learning rate.   clipped: whether gradients were clipped.
    """

    losses: Sequence[float]
    constant: float
    tested: KeptWeights | KeptErrors | None = None
    kept_epoch: int | None = None
    lr: float | None = None
    clipped: bool = False

    @property
    def failed(self) -> bool:
        """Whether the final loss explains nothing, and has risen, or has left useless weights.

        A loss explains nothing if it is less than a hundredth below that of a constant answer. Weights are useless if
        they are right no more often than the commonest class, or if their own loss explains nothing. So the high loss
        of a single epoch whose first steps went wrong is no failure if the later steps led to useful weights.
        """
        if not self.losses:
            return False
        last = self.losses[-1]
        if not isfinite(last):
            return True
        if self.constant <= 0:
            return False  # a single class: there was nothing to learn
        return self._explains_nothing(last) and (self._rose or self._useless)

    def _explains_nothing(self, loss: float) -> bool:
        return not loss <= (1 - LEAST) * self.constant

    @property
    def _useless(self) -> bool:
        if self.tested is None:
            return False
        return not self.tested.learned or (self.tested.loss is not None and self._explains_nothing(self.tested.loss))

    @property
    def _rose(self) -> bool:
        return len(self.losses) > 1 and self.losses[-1] >= self.losses[0]

    @property
    def _fell_throughout(self) -> bool:
        """Whether the loss fell in every epoch, and began where steps of a reasonable size leave it.

        That of a classifier begins near that of a constant answer. That of a regression begins anywhere.
        """
        falls = all(after < before for before, after in itertools.pairwise(self.losses))
        near = isinstance(self.tested, KeptErrors) or (bool(self.losses) and self.losses[0] < 2 * self.constant)
        return len(self.losses) > 1 and falls and near

    def sentence(self) -> str:
        """Why it has failed and what to do; empty where it has not."""
        if not self.failed:
            return ""
        return " ".join(filter(None, (self._loss(), self._accuracy(), self._advice())))

    def _loss(self) -> str:
        last, epochs = self.losses[-1], len(self.losses)
        if not isfinite(last):
            return f"After {_counted(epochs)} the training loss is not finite."
        since = f", after {self.losses[0]:.4g} in the first epoch" if self._rose else ""
        return (
            f"After {_counted(epochs)} the training loss is {last:.4g}{since}; answering the same for every sample has "
            f"a loss of {self.constant:.4g}."
        )

    def _accuracy(self) -> str:
        tested = self.tested
        if tested is None:
            return ""
        if isinstance(tested, KeptErrors):
            if not isfinite(tested.r2):
                return ""
            explained = "explains nothing of" if not tested.learned else f"explains {tested.r2:.2%} of"
            return f"The kept network {explained} the variance of the {tested.split} targets."
        share = tested.right / tested.count
        if not tested.learned:
            always = f"always answering the commonest class, {tested.commonest / tested.count:.2%}"
            accuracy = f"The {tested.split} accuracy, {share:.2%}, is"
            if tested.right > tested.commonest:
                chance = f"by no more than chance explains on {tested.count:,} samples"
                return f"{accuracy} above that of {always}, {chance}."
            return f"{accuracy} no better than {always}."
        epoch = "" if self.kept_epoch is None else f", of epoch {self.kept_epoch},"
        loss = (
            ""
            if tested.loss is None or not self._explains_nothing(tested.loss)
            else f", and have a loss of {tested.loss:.4g}"
        )
        return f"The kept weights{epoch} are right on {share:.2%} of the {tested.split} samples{loss}."

    def _advice(self) -> str:
        if all(isfinite(loss) and loss < (1 + LEAST) * self.constant for loss in self.losses) and not self._rose:
            return (
                "The network never began to learn: try other learning rates (backhand lr-find shows where the loss "
                "falls), and check that the labels belong to the samples."
            )
        if self._fell_throughout:
            rate = "" if self.lr is None else f" (such as train.optimizer.lr = {10 * self.lr:.2g})"
            return f"The loss fell in every epoch, but too slowly: try a higher learning rate{rate} or more epochs."
        rate = "" if self.lr is None else f" (such as train.optimizer.lr = {self.lr / 10:.2g})"
        clip = "" if self.clipped else ", or clip the gradients (train.clip_norm = 1)"
        return f"The steps were too large: try a lower learning rate{rate}{clip}."


def _counted(epochs: int) -> str:
    return f"{epochs} epoch{'s' * (epochs > 1)}"
