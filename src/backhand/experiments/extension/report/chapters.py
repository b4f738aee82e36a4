"""The chapters of an extension's report: what the network learned of new classes, and what it forgot."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from backhand.experiments import environment
from backhand.experiments.environment import Environment
from backhand.experiments.extension import study_name
from backhand.experiments.extension.record import Extension, Figures, RunFigures, read, read_studies
from backhand.page import heading, settings, style
from backhand.page.blocks import Image, Images, Notice, Page, Points, Section, Table, Text
from backhand.page.chance import differ
from backhand.page.numbers import NONE, count, counted, percent, points
from backhand.study import Study, to_values

NAMES = {"with-old": "with the old data", "without-old": "without the old data", "afresh": "afresh, on all data"}
SHORT = {
    "before": "before",
    "with-old": "with old data",
    "without-old": "without old data",
    "afresh": "afresh",
    "tree": "decision tree",
}
LINE_STYLES: dict[str, dict[str, Any]] = {
    "with-old": {"color": style.BLUE, "linestyle": "-", "marker": "o"},
    "without-old": {"color": style.ORANGE, "linestyle": (0, (5, 1.6)), "marker": "s"},
    "afresh": {"color": style.INK, "linestyle": ":", "marker": "^"},
}


@dataclass(frozen=True)
class Score:
    """The test accuracies of one classifier, of which the first `old_classes` classes are the old ones."""

    name: str
    figures: Figures
    old_classes: int

    @property
    def old(self) -> float:
        """The accuracy on the samples of the old classes."""
        return self.figures.accuracy(slice(self.old_classes))

    @property
    def new(self) -> float:
        """The accuracy on the samples of the new classes; NaN if there are none."""
        return self.figures.accuracy(slice(self.old_classes, None))

    @property
    def all(self) -> float:
        """The accuracy on all samples."""
        return self.figures.accuracy()

    def of(self, k: int) -> float:
        """The accuracy on the samples of class k."""
        return self.figures.accuracy(slice(k, k + 1))


def summary(extension: Extension) -> tuple[Points, Table]:
    """The findings, and a table of the accuracies before and after each way."""
    scores = _scores(extension)
    return Points(_findings(extension, scores)), _table(scores)


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError for a file that is missing or damaged."""
    extension = read(folder)
    scores = _scores(extension)
    done = {way: figures for way, figures in extension.ways.items() if figures.is_tested}
    classes = next((figures.classes for figures in done.values()), extension.old.classes)
    old_classes = len(extension.old.classes)
    sections = [Section("result", "Result", (*_unfinished(extension), *summary(extension)))]
    if done:
        sections.append(Section("classes", "Class by class", (_class_table(classes, old_classes, scores),)))
    if any(figures.curves for figures in done.values()):
        sections.append(Section("training", "Training", (_explanation(), Images(_plots(done)))))
    studies, origin = read_studies(folder, extension), environment.read(folder)
    sections.append(_settings(studies, origin))
    new_classes = classes[old_classes:]
    noun = "class" if len(new_classes) == 1 else "classes"
    data = f"{old_classes} old classes, and the new {noun} {', '.join(new_classes)}"
    changes = {key: value for study in studies.values() for key, value in study.changes.items()}
    subtitle = heading.subtitle(data, origin, changes)
    return Page(f"{extension.title}: new classes", subtitle, tuple(sections))


def _unfinished(extension: Extension) -> tuple[Notice, ...]:
    """A notice of the trainings that are left; none if the extension is finished."""
    if extension.is_finished:
        return ()
    left = [NAMES[way] for way, figures in extension.ways.items() if not (figures.is_tested or figures.stopped)]
    left += ["a decision tree"] if extension.with_tree and extension.tree is None else []
    return (Notice(f"This extension is not finished. Still to be trained: {'; '.join(left)}."),)


def _settings(studies: dict[str, Study], origin: Environment) -> Section:
    flat = {way: dict(settings.flat(to_values(study))) for way, study in studies.items()}
    keys = list(dict.fromkeys(key for values in flat.values() for key in values))
    rows = [(key, *(values.get(key, NONE) for values in flat.values())) for key in keys]
    differing = tuple(row for row in rows if len(set(row[1:])) > 1)
    shared = tuple(row[:2] for row in rows if len(set(row[1:])) == 1)
    files = ", ".join(study_name(way) for way in studies)
    head = ("key", *(SHORT[way] for way in studies))
    tables = [Table(f"The settings that all trainings share ({files}).", ("key", "value"), shared, "ll")]
    section = settings.chapter("extension", tables, origin)
    if not differing:
        return section
    differences = Table("The settings in which the trainings differ.", head, differing, "l" * len(head))
    return replace(section, blocks=(differences, *section.blocks))


def _scores(extension: Extension) -> dict[str, Score]:
    """The scores by name: "before", each way that has been tested, and "tree".

    Before the extension, the network classifies no sample of the new classes correctly.
    """
    old_classes = len(extension.old.classes)
    tested = {way: figures for way, figures in extension.ways.items() if figures.is_tested}
    scores = {way: Score(NAMES[way], figures, old_classes) for way, figures in tested.items()}
    if extension.tree is not None:
        scores["tree"] = Score("decision tree, on all data", extension.tree, old_classes)
    counts = next((score.figures.counts for score in scores.values()), extension.old.counts)
    right = extension.old.right + (0,) * (len(counts) - old_classes)
    return {"before": Score("before", Figures(right=right, counts=counts), old_classes)} | scores


def _findings(extension: Extension, scores: dict[str, Score]) -> tuple[tuple[str, str], ...]:
    """The findings, as pairs of a heading and a sentence."""
    ways = {NAMES[way].capitalize(): figures for way, figures in extension.ways.items()}
    findings = [(name, figures.stopped) for name, figures in ways.items() if figures.stopped]
    findings += [(name, figures.remark) for name, figures in ways.items() if figures.remark]
    findings += [("The network before", extension.old.remark)] if extension.old.remark else []
    for way in ("with-old", "without-old"):
        if way in scores:
            findings.append((f"Training continued {NAMES[way]}", _change(scores["before"], scores[way])))
    if "with-old" in scores:
        for rival, name in (
            ("afresh", "a fresh network on the same data"),
            ("tree", "a decision tree on the same data"),
        ):
            if rival in scores:
                findings.append((f"Compared with {name}", _comparison(scores["with-old"], scores[rival])))
    return tuple(findings)


def _change(before: Score, after: Score) -> str:
    """Sentences on the accuracy on the old classes before and after, and on the accuracies that training reached."""
    change, samples = 100 * (after.old - before.old), sum(before.figures.counts[: before.old_classes])
    words = f"{'fell' if change < 0 else 'rose'} by {abs(change):.2f} percentage points, from {percent(before.old)} to"
    certain = change == 0 or differ(before.old, samples, after.old, samples)
    doubt = "" if certain else f" (a difference that chance can make on {counted(samples, 'test sample')})"
    return (
        f"The accuracy on the old classes {words if change else 'stayed at'} {percent(after.old)}{doubt}. "
        f"It is {percent(after.new)} on the new classes and {percent(after.all)} on all classes."
    )


def _comparison(extended: Score, other: Score) -> str:
    """Sentences that compare the accuracy of the extended network with that of another classifier."""
    gain = sum(extended.figures.right) - sum(other.figures.right)
    samples = sum(extended.figures.counts)
    more = f"{count(abs(gain))} {'more' if gain > 0 else 'fewer'}"
    amount = f"{more} of the {count(samples)} test samples" if gain else "as many"
    certain = not gain or differ(extended.all, samples, other.all, samples)
    doubt = "" if certain else " (a difference that chance can make on so few samples)"
    return (
        f"The network that was trained further with the old data classifies {amount} correctly: "
        f"{percent(extended.all)} against {percent(other.all)}{doubt}. Each was trained once; another seed would "
        f"change both figures."
    )


def _table(scores: dict[str, Score]) -> Table:
    before = scores["before"].old
    rows = []
    for way, score in scores.items():
        continued = way in ("with-old", "without-old")
        change = points(score.old - before) if continued else NONE
        rows.append((score.name, percent(score.old), percent(score.new), percent(score.all), change))
    caption = (
        "Accuracy on the test samples of the old classes, of the new classes and of all classes, and the change on the "
        "old classes. Before the extension, the network has no outputs for the new classes."
    )
    return Table(caption, ("", "old classes", "new classes", "all", "change on old (points)"), tuple(rows), "lrrrr")


def _class_table(classes: tuple[str, ...], old_classes: int, scores: dict[str, Score]) -> Table:
    rows = [
        (name, "new" if k >= old_classes else "old", *(percent(score.of(k)) for score in scores.values()))
        for k, name in enumerate(classes)
    ]
    head = ("class", "group", *(SHORT[way] for way in scores))
    caption = "Share of the test samples of each class that are classified correctly."
    return Table(caption, head, tuple(rows), "ll" + "r" * len(scores))


def _explanation() -> Text:
    return Text(
        "Accuracy on the validation samples of the old and of the new classes after each epoch. Where training "
        "continues without the old data, the accuracy on the old classes is measured but never used to choose an epoch."
    )


def _plots(done: dict[str, RunFigures]) -> tuple[Image, ...]:
    return tuple(
        Image(
            f"{group}-classes",
            _curves({way: figures.curves[group] for way, figures in done.items() if group in figures.curves}),
            f"Accuracy on the {group} classes against the epoch, a line for each training.",
            f"The {group} classes: validation accuracy after each epoch.",
        )
        for group in ("old", "new")
    )


def _curves(accuracies: dict[str, tuple[float, ...]]) -> bytes:
    """A plot of accuracies against the epoch, with a line per way. Returns a PNG."""
    from matplotlib.ticker import MaxNLocator

    figure, axes = style.panel()
    for way, values in accuracies.items():
        markers = {} if len(values) <= 16 else {"marker": ""}
        x = np.arange(1, len(values) + 1)
        axes.plot(x, 100 * np.array(values), label=NAMES[way], markersize=3.5, **(LINE_STYLES[way] | markers))
    axes.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(-2, 102))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True))
    style.legend(axes, columns=2)
    return style.png(figure)
