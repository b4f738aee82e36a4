"""The report of an ensemble, from ensemble.json alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from matplotlib.ticker import MaxNLocator

from backhand.experiments import environment
from backhand.experiments.ensemble.record import Ensemble, read
from backhand.page import settings, style
from backhand.page.blocks import Block, Image, Images, Page, Points, Section, Table
from backhand.page.chance import wilson
from backhand.page.heading import subtitle
from backhand.page.numbers import counted, percent, probability

LEVEL = 0.05  # of the p-value, from where on no difference is shown
LABELS = {"alone": "alone", "together": "mean so far"}


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError where a file is missing or damaged."""
    found, origin = read(folder), environment.read(folder)
    result = Section("result", "Result", (Points(tuple(findings(found))), _table(found), Images((_image(found),))))
    title = f"An ensemble of {counted(len(found.members), 'run')}"
    return Page(title, subtitle(found.data, origin, {}), (result, settings.chapter("ensemble", [], origin)))


def closing(folder: Path) -> Iterable[Block]:
    """What was found, and the accuracy of each member."""
    found = read(folder)
    return Points(tuple(findings(found))), _table(found)


def findings(found: Ensemble) -> Iterator[tuple[str, str]]:
    """What can be said of the figures, in sentences with headings."""
    low, high = map(percent, wilson(found.together, found.count))
    yield (
        "Accuracy",
        f"The mean of all runs classifies {found.share(found.together)} of the test samples correctly (95% Wilson "
        f"score interval {low} to {high}).",
    )
    gain = found.together - found.best.alone
    shown = "" if found.mcnemar < LEVEL else "; chance alone can make this difference"
    number = counted(abs(gain), "test sample")
    compared = f"{number} {'more' if gain > 0 else 'fewer'} than" if gain else "as many test samples correctly as"
    yield (
        "Compared with the best run",
        (
            f"The mean classifies {compared} the best single run, {found.best.folder}, which reaches "
            f"{found.share(found.best.alone)} (McNemar's test: p {probability(found.mcnemar, sign=True)}{shown})."
        ),
    )
    sentence = f"At least one of the runs classifies {found.share(found.any_member)} of the test samples correctly."
    yield "Upper limit", f"{sentence} No way of choosing among them can do better."


def _table(found: Ensemble) -> Table:
    rows = tuple(
        (each.title, each.folder, found.share(each.alone), found.share(each.together)) for each in found.members
    )
    caption = (
        f"Accuracy on {counted(found.count, 'test sample')}: of each run alone, and of the mean of its probabilities "
        "with those of the runs above it."
    )
    return Table(caption, ("run", "folder", *LABELS.values()), rows, "llrr")


def _image(found: Ensemble) -> Image:
    figure, axes = style.panel()
    numbers = range(1, len(found.members) + 1)
    lines: tuple[tuple[str, dict[str, Any]], ...] = (("alone", style.VALIDATION), ("together", style.TRAIN))
    for key, look in lines:
        values = [100 * getattr(each, key) / found.count for each in found.members]
        axes.plot(numbers, values, label=LABELS[key], **look)
    axes.set(xlabel="run", ylabel="test accuracy (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.legend(axes)
    caption = "Test accuracy of each run alone, and of the mean of all runs up to it."
    return Image("members", style.png(figure), "test accuracy against the number of runs averaged", caption)
