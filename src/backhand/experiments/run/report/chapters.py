"""The sections of a run's report, in their order."""

import numpy as np

from backhand.experiments.run.metrics import Data
from backhand.experiments.run.record import Run
from backhand.experiments.run.report import (
    attributions,
    feature_maps,
    filters,
    pictures,
    plots,
    regression,
    tables,
    target_pictures,
)
from backhand.experiments.run.report.classes import confusion_text, confusions
from backhand.experiments.run.report.network import kinks
from backhand.experiments.run.report.scores import calibration, roc
from backhand.experiments.run.report.summary import summary
from backhand.experiments.run.report.training import training
from backhand.experiments.run.split_scores import TestScore
from backhand.files.names import STUDY
from backhand.page import settings, style
from backhand.page.blocks import Block, Code, Columns, Image, Images, Section, Text
from backhand.page.numbers import count, counted, decimal, percent, plain, scientific, shape
from backhand.study import to_values

NO_MISTAKE = "No test sample was given a wrong class"


def chapters(run: Run) -> tuple[Section, ...]:
    """Every section for which the run has content."""
    test, errors = run.metrics.test, run.metrics.test_errors
    sections = (
        Section("summary", "Summary", summary(run)),
        Section("data", "Data", _data(run)),
        Section("augmented", "Augmented samples", _augmented(run)),
        Section("model", "Model", (*_init_from(run), tables.layers(run.metrics))),
        Section("training", "Training", training(run)),
        Section("result", "Test result", _result(run, test) if test else ()),
        Section("result", "Test result", regression.result(run, errors) if errors else ()),
        Section("mistakes", "Most confident mistakes", _mistakes(run)),
        Section("worst", "Largest errors", regression.worst(run)),
        Section("attributions", "What the network looks at", _attributions(run)),
        Section("weights", "First-layer weights", _weights(run)),
        Section("feature-maps", "Feature maps", _feature_maps(run)),
        Section("gradients", "Gradient check", _gradients(run)),
        _settings(run),
    )
    return tuple(section for section in sections if section.blocks)


def _data(run: Run) -> tuple[Block, ...]:
    data = run.metrics.data
    if data.targets:
        return Text(_description(data)), *regression.data(run)
    total = sum(map(sum, data.splits.values()))
    sizes = ", ".join(f"{count(sum(counts))} {split}" for split, counts in data.splits.items())
    bars = Image(
        "class-counts",
        style.png(plots.class_counts(data.classes, data.splits)),
        f"Bar plot of the samples of each of {len(data.classes)} classes: {sizes}",
        f"{counted(total, 'sample')} by class and split: {sizes}.",
    )
    gallery = pictures.samples(run)
    return (
        Text(_description(data)),
        Columns((tables.class_counts(run.metrics),), (Images((bars,)),)),
        *((gallery,) if gallery else ()),
    )


def _augmented(run: Run) -> tuple[Block, ...]:
    gallery = pictures.augmented(run)
    return (gallery,) if gallery else ()


def _description(data: Data) -> str:
    """Sentences on the source of the data, the shape of a sample, and how the data were prepared."""
    sample = f"{shape(data.sample_shape)} values"
    if len(data.sample_shape) == 3:
        sample += " (height × width × channels)"
    facts = [
        data.source or data.title or data.name,
        f"{_answers(data)}; one sample has {sample}",
    ]
    if data.standardize:
        facts.append(f"Standardisation: {data.standardize}")
    facts += [f"{key.capitalize()}: {plain(value)}" for key, value in data.notes.items()]
    return " ".join(f"{fact.rstrip('.')}." for fact in facts if fact)


def _answers(data: Data) -> str:
    """What is predicted: the number of classes, or the names of the targets."""
    if data.classes:
        return f"{len(data.classes)} classes"
    return f"The target is {data.targets[0].name}" if len(data.targets) == 1 else f"{len(data.targets)} targets"


def _init_from(run: Run) -> tuple[Block, ...]:
    origin = run.metrics.init_from
    if origin is None:
        return ()
    source = f"The initial weights are not random: they come from {origin.source} (SHA-256 {origin.sha256})"
    return (Text(f"{'; '.join((source, *origin.changes))}."),)


def _result(run: Run, test: TestScore) -> tuple[Block, ...]:
    mixups = confusions(run, test)
    scores = (
        tables.scores(run.metrics, test),
        *((tables.reported(run.metrics),) if run.metrics.reported else ()),
        tables.confusions(mixups) if mixups else Text(f"{NO_MISTAKE}."),
    )
    matrix, curves = (Images((confusion(run, test),)),), _probabilities(run)
    per_class = tables.per_class(test)
    return (
        *(scores + matrix if plots.large(len(run.classes)) else (Columns(scores, matrix),)),
        *((Columns((per_class,), (Images(curves),)),) if len(curves) == 1 else (per_class, Images(curves))),
    )


def confusion(run: Run, test: TestScore) -> Image:
    """The confusion matrix as an image, with the commonest mistakes in the text for readers who cannot see it."""
    commonest = "; ".join(confusion_text(mixup) for mixup in confusions(run, test)[:3]) or NO_MISTAKE
    return Image(
        "confusion",
        style.png(plots.confusion(run.classes, np.array(test.confusion))),
        f"Confusion matrix with {count(test.correct)} of {count(test.count)} on the diagonal. {commonest}",
        f"Confusion matrix of the {counted(test.count, 'test sample')}: {count(test.correct)} on the diagonal, "
        f"{count(test.count - test.correct)} off it. Empty cells are zero.",
    )


def _probabilities(run: Run) -> tuple[Image, ...]:
    """The reliability diagram, and for two classes the ROC curve."""
    images = []
    bins = calibration(run.evidence)
    if bins:
        caption = (
            f"Reliability diagram with {len(bins.counts)} bins: mean confidence {percent(bins.mean_confidence)}, "
            f"accuracy {percent(bins.mean_accuracy)}, expected calibration error {percent(bins.error)}."
        )
        if run.metrics.test and run.metrics.test.confidence:
            caption += f" Confidence: {run.metrics.test.confidence}."
        images.append(Image("reliability", style.png(plots.reliability(bins)), caption.removesuffix("."), caption))
    curve = roc(run.evidence)
    if curve:
        caption = (
            f"ROC curve with “{run.classes[1]}” as the positive class: area under the curve {decimal(curve.area)}."
        )
        images.append(Image("roc", style.png(plots.roc(curve)), caption.removesuffix("."), caption))
    return tuple(images)


def _mistakes(run: Run) -> tuple[Block, ...]:
    gallery = pictures.mistakes(run)
    if gallery:
        return (gallery,)
    saved = run.evidence.mistakes
    return () if saved is None or not len(saved.labels) else (tables.mistakes(run, saved),)


def _attributions(run: Run) -> tuple[Block, ...]:
    """The importance of a table's columns, or attributions of pictures."""
    if run.evidence.importance is not None:
        return attributions.importance(run, run.evidence.importance)
    return (target_pictures if run.metrics.data.targets else attributions).attributions(run)


def _weights(run: Run) -> tuple[Block, ...]:
    images = filters.weights(run)
    text = "Each kernel or unit has the same place and grey scale in both pictures, before and after training."
    return (Text(text), Images(images)) if images else ()


def _feature_maps(run: Run) -> tuple[Block, ...]:
    saved, images = run.evidence.feature_maps, feature_maps.feature_maps(run)
    if saved is None or not images:
        return ()
    return Text(feature_maps.about(run, saved)), *(Images((image,)) for image in images)


def _gradients(run: Run) -> tuple[Block, ...]:
    if not run.metrics.gradient_check:
        return ()
    hinge = "hinge" in run.study.train.loss
    flat = "" if hinge else ", since beyond that the loss is flat to the last digit"
    text = (
        "The gradients by back-propagation were compared with finite differences in float64, at the weights of this "
        "network and at entries drawn at random. The gradient of the scores was compared with differences of the loss, "
        f"for which the scores were scaled down to at most 3 in absolute value{flat}. All other gradients were "
        "compared, under a random upstream gradient, with differences of the scores and of the penalty."
        f"{_skipped(run)} In a large network only some gradients are compared, at a few entries each; they are drawn "
        "at random, too."
    )
    return Text(text), tables.gradients(run.metrics), *_rounding(run)


def _skipped(run: Run) -> str:
    """A sentence on the entries at kinks, which are not compared; empty where there are none."""
    points = kinks(run)
    if not points and not any(check.skipped for check in run.metrics.gradient_check):
        return ""
    location = f", here {points}," if points else ""
    return f" Entries at a kink{location} are skipped, because a difference across it says nothing about the gradient."


def _rounding(run: Run) -> tuple[Block, ...]:
    rounding = run.metrics.rounding
    if rounding is None:
        return ()
    text = (
        "The forward pass of a few samples was computed in extended precision, too, by the same formulas. In float64 "
        f"the scores differ from it by {scientific(rounding.scores)} of the largest score, and the loss by "
        f"{scientific(rounding.loss)}: this is rounding."
    )
    return (Text(text),)


def _settings(run: Run) -> Section:
    table = settings.table(f"Every setting of this run ({STUDY}).", to_values(run.study))
    sha256, seed = run.metrics.data.sha256, plain(run.study.seed)
    same_data = f" The data must have the SHA-256 fingerprint {sha256}." if sha256 else ""
    text = f"The file {STUDY} beside this report holds every setting. The seed is {seed}.{same_data} To repeat the run:"
    return settings.chapter("run", [table], run.environment, again=(Text(text), Code(f"backhand run {STUDY}")))
