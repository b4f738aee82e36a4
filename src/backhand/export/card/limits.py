"""The limits of a classifier, in sentences each of which is written only where it is true."""

from collections.abc import Iterator

from backhand.export.pipeline import Pipeline
from backhand.predictors.provenance import TestFigures
from backhand.training.losses import ClassificationLoss

IMBALANCE = 1.5  # the ratio of the largest to the smallest class above which the accuracy is mostly that of the large
FEW = 1000  # test samples, below which the interval is wide
WEAK = 0.05  # how far a class's recall may lie below the accuracy before it is named


def limits(pipeline: Pipeline) -> Iterator[str]:
    """What a user of the answers must know, the most important first."""
    yield from (remark[0].upper() + remark[1:].rstrip(".") + "." for remark in pipeline.remarks)
    if pipeline.classes:
        yield (
            f"It knows {len(pipeline.classes)} classes and names one of them whatever it is shown; it cannot say that "
            f"a sample is none of them."
        )
    if pipeline.targets:
        yield "Beyond the range of the targets and features that it was trained on, its predictions mean little."
    if pipeline.features:
        yield (
            "It takes rows of numbers, the features under “Data”. Backhand makes them from the columns of a table; "
            "with another form, make them in the same way: a feature such as “colour=blue” is 1 where it is so, else 0."
        )
    yield "Its figures hold for samples from the source of its data; on others, measure them before relying on it."
    test = pipeline.provenance.test
    if test is not None:
        yield from _of_test(test)
    if isinstance(pipeline.loss, ClassificationLoss) and not pipeline.loss.probabilistic:
        yield f"Its probabilities are the {pipeline.loss.confidence}."
    if pipeline.pixels:
        yield (
            "It was trained on pixels from 0 to 255. On images scaled to 0 to 1, ONNX Runtime and PyTorch give answers "
            "that mean nothing; Backhand refuses them."
        )


def _of_test(test: TestFigures) -> Iterator[str]:
    rows = [row for row in test.per_class if row.recall is not None]
    accuracy = next((figure.value for figure in test.figures if figure.name == "accuracy"), None)
    if test.count < FEW:
        yield f"It was tested on {test.count:,} samples only, which is why the intervals of its figures are wide."
    if rows and accuracy is not None:
        worst = min(rows, key=lambda row: row.recall or 0.0)
        if worst.recall is not None and worst.recall < accuracy - WEAK:
            yield (
                f"It recognises “{worst.name}” least well: {worst.recall:.2%} of its {worst.support:,} test samples."
            )
    support = [row.support for row in test.per_class]
    if support and max(support) > IMBALANCE * min(support):
        yield "The classes differ in size, so that the accuracy is mostly that of the large ones; see the table."
