"""What is found in a cell of a question: one form per question, as question.json holds it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from backhand.experiments.records import Count, Number, Record, Share

Types = dict[str, type | tuple[type, ...]]


class Gradients(Record):
    """What `sigmoid.look` finds: gradients before the training and after, then what the training reached.

    norms, norms_after: of the weight gradient of each layer, over one batch.   one_sign: for each layer, the share of
    units whose incoming weights all have gradients of one sign, for one sample at a time; None where there are no such
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


class Used(Record):
    """Loss and accuracy of a network on the validation split at inference.

    gap: after each number of masks, the distance of the mean scores from the scores at inference, as a share of these.
    """

    loss: Number
    accuracy: Share
    gap: tuple[Number, ...] = Field(min_length=1)


class Uses(Record):
    """A network that was trained with one form of dropout, used with each of the two."""

    inverted: Used
    classic: Used


class Masks(Record):
    """What `dropout.look` finds: a network trained with each form of dropout.

    masks: the numbers of masks that scores were averaged over.
    """

    VALUES: ClassVar[Types] = {"model.hidden": (list, tuple), "model.dropout": (int, float)}  # as those of `Gradients`

    question: Literal["dropout"] = "dropout"
    masks: tuple[PositiveInt, ...] = Field(min_length=1)
    inverted: Uses
    classic: Uses

    @model_validator(mode="after")
    def _one_gap_per_number_of_masks(self) -> Self:
        used = (each for uses in (self.inverted, self.classic) for each in (uses.inverted, uses.classic))
        if any(len(each.gap) != len(self.masks) for each in used):
            raise ValueError(f"each gap needs {len(self.masks)} values, one for each number of masks")
        return self


class Losses(Record):
    """What `divergence.look` finds in a training that may diverge.

    message: what the solver said when it stopped; empty for a training that came to its end.   steps: the batches whose
    loss was finite and within the limit of the guard.   first, lowest: of these losses.   start: the loss of some
    training samples before the training.   least: the lowest mean over batches of as many samples, None where there
    were fewer.   curve: [step, loss] of at most 200 batches.
    """

    VALUES: ClassVar[Types] = {"train.batch_size": int, "train.optimizer.lr": (int, float)}  # as those of `Gradients`

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
