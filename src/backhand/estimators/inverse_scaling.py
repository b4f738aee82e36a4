"""The schedule "invscaling" of scikit-learn."""

from dataclasses import dataclass

from backhand.training.schedules import Schedule


@dataclass
class InverseScaling(Schedule):
    """The rate falls with a power of the number of samples seen, at the end of each epoch.

        lr / (t + 1)^power        t = samples · (epochs done)

    per_epoch: the steps of an epoch. Source: scikit-learn, `MLPClassifier(learning_rate="invscaling")`.
    """

    power: float
    per_epoch: int
    samples: int

    def __call__(self, step: int) -> float:
        """The rate in this step."""
        return self.value / (step // self.per_epoch * self.samples + 1) ** self.power
