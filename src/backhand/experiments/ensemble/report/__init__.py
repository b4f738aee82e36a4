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
from backhand.page.numbers import counted, percent, probability

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
    """The end of the command in the terminal: the findings, and the accuracy of each member."""
    ensemble = read(folder)
    return Points(tuple(findings(ensemble))), _table(ensemble)


def findings(ensemble: Ensemble) -> Iterator[tuple[str, str]]:
    """The findings, as pairs of a heading and a sentence."""
    low, high = map(percent, wilson(ensemble.together, ensemble.count))
    yield (
        "Accuracy",
        f"The mean of all runs classifies {ensemble.share(ensemble.together)} of the test samples correctly "
        f"(95% Wilson score interval {low} to {high}).",
    )
    best, p = ensemble.best, probability(ensemble.mcnemar, sign=True)
    gain = ensemble.together - best.alone
    doubt = "" if ensemble.mcnemar < LEVEL else "; chance alone can make this difference"
    samples = counted(abs(gain), "test sample")
    amount = f"{samples} {'more' if gain > 0 else 'fewer'} than" if gain else "as many test samples correctly as"
    yield (
        "Compared with the best run",
        (
            f"The mean classifies {amount} the best single run, {best.folder}, which reaches "
            f"{ensemble.share(best.alone)} (McNemar's test: p {p}{doubt})."
        ),
    )
    yield (
        "Upper limit",
        f"At least one of the runs classifies {ensemble.share(ensemble.any_member)} of the test samples correctly. "
        "No way of choosing among them can do better.",
    )


def _table(ensemble: Ensemble) -> Table:
    rows = tuple(
        (member.title, member.folder, ensemble.share(member.alone), ensemble.share(member.together))
        for member in ensemble.members
    )
    caption = (
        f"Accuracy on {counted(ensemble.count, 'test sample')}: of each run alone, and of the mean of its "
        "probabilities with those of the runs above it."
    )
    return Table(caption, ("run", "folder", *LABELS.values()), rows, "llrr")


def _image(ensemble: Ensemble) -> Image:
    from matplotlib.ticker import MaxNLocator

    figure, axes = style.panel()
    averaged = range(1, len(ensemble.members) + 1)
    lines: tuple[tuple[str, dict[str, Any]], ...] = (("alone", style.VALIDATION), ("together", style.TRAIN))
    for key, line_style in lines:
        values = [100 * getattr(member, key) / ensemble.count for member in ensemble.members]
        axes.plot(averaged, values, label=LABELS[key], **line_style)
    axes.set(xlabel="run", ylabel="test accuracy (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(axes)
    caption = "Test accuracy of each run alone, and of the mean of all runs up to it."
    return Image("members", style.png(figure), "test accuracy against the number of runs averaged", caption)
