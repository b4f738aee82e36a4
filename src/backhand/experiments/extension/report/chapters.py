"""The report of an extension: what a network learnt of new classes, and what it forgot."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from backhand.experiments import environment
from backhand.experiments.environment import Environment
from backhand.experiments.extension import study_name
from backhand.experiments.extension.record import Extension, Figures, Trained, read, read_studies
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
LOOKS: dict[str, dict[str, Any]] = {
    "with-old": {"color": style.BLUE, "linestyle": "-", "marker": "o"},
    "without-old": {"color": style.ORANGE, "linestyle": (0, (5, 1.6)), "marker": "s"},
    "afresh": {"color": style.INK, "linestyle": ":", "marker": "^"},
}


@dataclass(frozen=True)
class Score:
    """Test accuracies of one classifier: of each class, and of the old, the new and all samples."""

    name: str
    figures: Figures
    first: int

    @property
    def old(self) -> float:
        """The accuracy on the samples of the old classes."""
        return self._share(slice(self.first))

    @property
    def new(self) -> float:
        """The accuracy on the samples of the new classes; NaN where there are none."""
        return self._share(slice(self.first, None))

    @property
    def all(self) -> float:
        """The accuracy on all samples."""
        return self._share(slice(None))

    def of(self, k: int) -> float:
        """The accuracy on the samples of class k."""
        return self._share(slice(k, k + 1))

    def _share(self, part: slice) -> float:
        return self.figures.accuracy(part)


def summary(record: Extension) -> tuple[Points, Table]:
    """What the figures say, and the accuracies before and after each way."""
    scores = _scores(record)
    return Points(_findings(record, scores)), _table(scores)


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError for a record that is damaged."""
    record = read(folder)
    scores = _scores(record)
    done = {way: each for way, each in record.ways.items() if each.right}
    classes = next((each.classes for each in done.values()), record.old.classes)
    first = len(record.old.classes)
    sections = [Section("result", "Result", (*_unfinished(record), *summary(record)))]
    if done:
        sections.append(Section("classes", "Class by class", (_per_class(classes, first, scores),)))
    if any(each.curves for each in done.values()):
        sections.append(Section("training", "Training", (_explained(), Images(_plots(done)))))
    studies, origin = read_studies(folder, record), environment.read(folder)
    sections.append(_settings(studies, origin))
    names = ", ".join(classes[first:])
    data = f"{first} old classes, and the new {'class' if len(classes) == first + 1 else 'classes'} {names}"
    changes = {key: value for study in studies.values() for key, value in study.changes.items()}
    subtitle = heading.subtitle(data, origin, changes)
    return Page(f"{record.title}: new classes", subtitle, tuple(sections))


def _unfinished(record: Extension) -> tuple[Notice, ...]:
    """A notice that says what is still to be done, where anything is."""
    if record.is_over:
        return ()
    left = [NAMES[way] for way, each in record.ways.items() if not (each.is_over or each.stopped)]
    left += ["a decision tree"] if record.with_tree and record.tree is None else []
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
    unlike = Table("The settings in which the trainings differ.", head, differing, "l" * len(head))
    return replace(section, blocks=(unlike, *section.blocks))


def _scores(record: Extension) -> dict[str, Score]:
    """The scores by name: "before", the ways that are trained, and "tree"."""
    first = len(record.old.classes)
    found = {way: Score(NAMES[way], each, first) for way, each in record.ways.items() if each.right}
    if record.tree is not None:
        found["tree"] = Score("decision tree, on all data", record.tree, first)
    counts = next((score.figures.counts for score in found.values()), record.old.counts)
    right = record.old.right + (0,) * (len(counts) - first)
    return {"before": Score("before", Figures(right=right, counts=counts), first)} | found


def _findings(record: Extension, scores: dict[str, Score]) -> tuple[tuple[str, str], ...]:
    """What can be said of the figures, in sentences with headings."""
    found = [(NAMES[way].capitalize(), each.stopped) for way, each in record.ways.items() if each.stopped]
    found += [(NAMES[way].capitalize(), each.remark) for way, each in record.ways.items() if each.remark]
    found += [("The network before", record.old.remark)] if record.old.remark else []
    for way in ("with-old", "without-old"):
        if way in scores:
            found.append((f"Training continued {NAMES[way]}", _went_on(scores["before"], scores[way])))
    if "with-old" in scores:
        for rival, name in (
            ("afresh", "a fresh network on the same data"),
            ("tree", "a decision tree on the same data"),
        ):
            if rival in scores:
                found.append((f"Compared with {name}", _against(scores["with-old"], scores[rival])))
    return tuple(found)


def _went_on(before: Score, after: Score) -> str:
    change, samples = 100 * (after.old - before.old), sum(before.figures.counts[: before.first])
    course = f"{'fell' if change < 0 else 'rose'} by {abs(change):.2f} percentage points, from {percent(before.old)} to"
    shown = change == 0 or differ(before.old, samples, after.old, samples)
    doubt = "" if shown else f" (a difference that chance can make on {counted(samples, 'test sample')})"
    return (
        f"The accuracy on the old classes {course if change else 'stayed at'} {percent(after.old)}{doubt}. "
        f"It is {percent(after.new)} on the new classes and {percent(after.all)} on all classes."
    )


def _against(ours: Score, other: Score) -> str:
    ahead = sum(ours.figures.right) - sum(other.figures.right)
    total = count(sum(ours.figures.counts))
    much = f"{count(abs(ahead))} {'more' if ahead > 0 else 'fewer'} of the {total} test samples" if ahead else "as many"
    samples = sum(ours.figures.counts)
    shown = not ahead or differ(ours.all, samples, other.all, samples)
    doubt = "" if shown else " (a difference that chance can make on so few samples)"
    return (
        f"The network that was trained further with the old data classifies {much} correctly: {percent(ours.all)} "
        f"against {percent(other.all)}{doubt}. Each was trained once; another seed would change both figures."
    )


def _table(scores: dict[str, Score]) -> Table:
    before = scores["before"].old
    rows = []
    for way, score in scores.items():
        went_on = way in ("with-old", "without-old")
        change = points(score.old - before) if went_on else NONE
        rows.append((score.name, percent(score.old), percent(score.new), percent(score.all), change))
    caption = (
        "Accuracy on the test samples of the old classes, of the new classes and of all classes, and the change on the "
        "old classes. Before the extension, the network has no outputs for the new classes."
    )
    return Table(caption, ("", "old classes", "new classes", "all", "change on old (points)"), tuple(rows), "lrrrr")


def _per_class(classes: tuple[str, ...], first: int, scores: dict[str, Score]) -> Table:
    rows = [
        (name, "new" if k >= first else "old", *(percent(score.of(k)) for score in scores.values()))
        for k, name in enumerate(classes)
    ]
    head = ("class", "group", *(SHORT[way] for way in scores))
    caption = "Share of the test samples of each class that are classified correctly."
    return Table(caption, head, tuple(rows), "ll" + "r" * len(scores))


def _explained() -> Text:
    return Text(
        "Accuracy on the validation samples of the old and of the new classes after each epoch. Where training "
        "continues without the old data, the accuracy on the old classes is measured but never used to choose an epoch."
    )


def _plots(done: dict[str, Trained]) -> tuple[Image, ...]:
    return tuple(
        Image(
            f"{part}-classes",
            _curves({way: each.curves[part] for way, each in done.items() if part in each.curves}),
            f"Accuracy on the {part} classes against the epoch, a line for each training.",
            f"The {part} classes: validation accuracy after each epoch.",
        )
        for part in ("old", "new")
    )


def _curves(series: dict[str, tuple[float, ...]]) -> bytes:
    figure, axes = style.panel()
    for way, values in series.items():
        few = {} if len(values) <= 16 else {"marker": ""}
        x = np.arange(1, len(values) + 1)
        axes.plot(x, 100 * np.array(values), label=NAMES[way], markersize=3.5, **(LOOKS[way] | few))
    axes.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(-2, 102))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True))
    style.legend(axes, columns=2)
    return style.png(figure)
