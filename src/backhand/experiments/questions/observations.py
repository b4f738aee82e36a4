"""What is measured in a cell of a question: one form per question, as question.json holds it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from backhand.experiments.records import Count, Number, Record, Share

Types = dict[str, type | tuple[type, ...]]


class Gradients(Record):
    """The result of `sigmoid.measure`: gradients before and after the training, its losses and its accuracies.

    norms, norms_after: the norm of each layer's weight gradient, over one batch.   one_sign: for each layer, the share
    of units whose incoming weights all have gradients of one sign, for one sample at a time; None where no unit has two
    gradients to compare.   agreement: for each layer, the mean share of the commoner sign over the batch.
    """

    VALUES: ClassVar[Types] = {
        "model.activation": str,
        "model.hidden": (list, tuple),
    }  # the keys of the grid, and their types

    question: Literal["sigmoid"] = "sigmoid"
    norms: tuple[Number, ...] = Field(min_length=1)
    norms_after: tuple[Number, ...] = Field(min_length=1)
    one_sign: tuple[Share | None, ...]
    agreement: tuple[Share | None, ...]
    train_loss: tuple[Number, ...]
    validation_accuracy: tuple[Number, ...] = Field(min_length=1)


class InferenceResult(Record):
    """Loss and accuracy of a network on the validation split at inference.

    gap: for each number of masks, the distance of the mean scores from the scores at inference, as a share of the norm
    of the scores at inference.
    """

    loss: Number
    accuracy: Share
    gap: tuple[Number, ...] = Field(min_length=1)


class InferenceResults(Record):
    """The results of a network that was trained with one form of dropout and used with each of the two forms."""

    inverted: InferenceResult
    classic: InferenceResult


class Masks(Record):
    """The result of `dropout.measure`: one network trained with each form of dropout.

    masks: the numbers of masks over which scores were averaged.
    """

    VALUES: ClassVar[Types] = {"model.hidden": (list, tuple), "model.dropout": (int, float)}  # see `Gradients`

    question: Literal["dropout"] = "dropout"
    masks: tuple[PositiveInt, ...] = Field(min_length=1)
    inverted: InferenceResults
    classic: InferenceResults

    @model_validator(mode="after")
    def _one_gap_per_number_of_masks(self) -> Self:
        networks = self.inverted, self.classic
        gaps = [result.gap for network in networks for result in (network.inverted, network.classic)]
        if any(len(gap) != len(self.masks) for gap in gaps):
            raise ValueError(f"each gap needs {len(self.masks)} values, one for each number of masks")
        return self


class Losses(Record):
    """The result of `divergence.measure`: the losses of a training that may diverge.

    message: of the solver where the training diverged; else empty.   steps: the number of batches whose loss was finite
    and within the limit of the guard.   first, lowest: the first and the lowest of their losses.   start: the mean loss
    of some training samples before the training.   least: the lowest mean loss over batches with as many samples, None
    where there were fewer.   curve: [step, loss] of at most 200 batches.
    """

    VALUES: ClassVar[Types] = {"train.batch_size": int, "train.optimizer.lr": (int, float)}  # see `Gradients`

    question: Literal["divergence"] = "divergence"
    message: str
    steps: Count
    first: float | None
    lowest: float | None
    start: float | None = None  # earlier versions measured neither this nor the next
    least: float | None = None
    curve: tuple[tuple[int, Number], ...]
    validation_accuracy: tuple[Number, ...]


Observation = Annotated[Gradients | Masks | Losses, Field(discriminator="question")]
