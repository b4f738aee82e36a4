"""The report of an ensemble, from ensemble.json alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from backhand.experiments import environment
from backhand.experiments.ensemble.record import Ensemble, read
from backhand.page import settings, style
from backhand.page.blocks import Block, Image, Images, Page, Points, Section, Table
from backhand.page.chance import wilson
from backhand.page.heading import subtitle
from backhand.page.numbers import counted, decimal, percent, probability, significant

LEVEL = 0.05  # p-values of at least this show no difference
LABELS = {"alone": "alone", "together": "mean so far"}


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError where a file is missing or damaged."""
    ensemble, origin = read(folder), environment.read(folder)
    blocks = Points(tuple(findings(ensemble))), _table(ensemble), Images((_image(ensemble),))
    title = f"An ensemble of {counted(len(ensemble.members), 'run')}"
    sections = Section("result", "Result", blocks), settings.chapter("ensemble", [], origin)
    return Page(title, subtitle(ensemble.data, origin, {}), sections)


def closing(folder: Path) -> Iterable[Block]:
    """The end of the command in the terminal: the findings, and the figure of each member."""
    ensemble = read(folder)
    return Points(tuple(findings(ensemble))), _table(ensemble)


def findings(ensemble: Ensemble) -> Iterator[tuple[str, str]]:
    """The findings, as pairs of a heading and a sentence."""
    return _of_regressions(ensemble) if ensemble.is_regression else _of_classifiers(ensemble)


def _of_regressions(ensemble: Ensemble) -> Iterator[tuple[str, str]]:
    for target in ensemble.per_target:
        value, low, high = (significant(end, 4) for end in (target.rmse.value, target.rmse.low, target.rmse.high))
        yield (
            f"Error of {target.name}",
            f"The mean of all runs has an RMSE of {value} on the test samples (95% bootstrap interval {low} to "
            f"{high}), and R² {decimal(target.r2.value)}.",
        )
    best, p = ensemble.best, probability(ensemble.mcnemar, sign=True)
    own, others = ensemble.text(ensemble.together), ensemble.text(best.alone)
    relation = "the same as" if own == others else "lower than" if ensemble.together < best.alone else "higher than"
    doubt = "" if ensemble.mcnemar < LEVEL else "; chance alone can make this difference"
    yield (
        "Compared with the best run",
        f"The RMSE of the mean, {own}, is {relation} that of the best single run, {best.folder}, which is {others}. "
        f"The mean is closer to the true values for {counted(ensemble.only_mean, 'test sample')}, that run for "
        f"{ensemble.only_best:,} (sign test: p {p}{doubt}).",
    )


def _of_classifiers(ensemble: Ensemble) -> Iterator[tuple[str, str]]:
    low, high = map(percent, wilson(ensemble.together, ensemble.count))
    yield (
        "Accuracy",
        f"The mean of all runs classifies {ensemble.text(ensemble.together)} of the test samples correctly "
        f"(95% Wilson score interval {low} to {high}).",
    )
    best, p = ensemble.best, probability(ensemble.mcnemar, sign=True)
    gain = int(ensemble.together - best.alone)
    doubt = "" if ensemble.mcnemar < LEVEL else "; chance alone can make this difference"
    samples = counted(abs(gain), "test sample")
    amount = f"{samples} {'more' if gain > 0 else 'fewer'} than" if gain else "as many test samples correctly as"
    yield (
        "Compared with the best run",
        (
            f"The mean classifies {amount} the best single run, {best.folder}, which reaches "
            f"{ensemble.text(best.alone)} (McNemar's test: p {p}{doubt})."
        ),
    )
    yield (
        "Upper limit",
        f"At least one of the runs classifies {ensemble.text(ensemble.any_member)} of the test samples correctly. "
        "No way of choosing among them can do better.",
    )


def _table(ensemble: Ensemble) -> Table:
    rows = tuple(
        (member.title, member.folder, ensemble.text(member.alone), ensemble.text(member.together))
        for member in ensemble.members
    )
    averaged = "predictions" if ensemble.is_regression else "probabilities"
    caption = (
        f"{ensemble.figure} on {counted(ensemble.count, 'test sample')}: of each run alone, and of the mean of its "
        f"{averaged} with those of the runs above it."
    )
    caption = caption[0].upper() + caption[1:]
    return Table(caption, ("run", "folder", *LABELS.values()), rows, "llrr")


def _image(ensemble: Ensemble) -> Image:
    from matplotlib.ticker import MaxNLocator

    figure, axes = style.panel()
    averaged = range(1, len(ensemble.members) + 1)
    lines: tuple[tuple[str, dict[str, Any]], ...] = (("alone", style.VALIDATION), ("together", style.TRAIN))
    scale, unit = (1.0, "") if ensemble.is_regression else (100 / ensemble.count, " (%)")
    for key, line_style in lines:
        values = [scale * getattr(member, key) for member in ensemble.members]
        axes.plot(averaged, values, label=LABELS[key], **line_style)
    axes.set(xlabel="run", ylabel=f"test {ensemble.figure}{unit}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(axes)
    caption = f"Test {ensemble.figure} of each run alone, and of the mean of all runs up to it."
    return Image("members", style.png(figure), f"test {ensemble.figure} against the number of runs averaged", caption)
