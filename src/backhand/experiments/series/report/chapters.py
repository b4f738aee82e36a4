"""A saved series as sections of a report."""

from collections.abc import Iterator
from pathlib import Path

from backhand.experiments.series.forms import Verdict
from backhand.experiments.series.record import Cell, SavedSeries, read
from backhand.experiments.series.report import plots
from backhand.experiments.series.report.findings import against, findings
from backhand.experiments.series.report.fit import verdict
from backhand.experiments.series.report.rates import rates
from backhand.experiments.series.report.whole import kept_whole
from backhand.files.names import SERIES
from backhand.page import settings
from backhand.page.blocks import Block, Code, Image, Images, Notice, Page, Points, Section, Table, Text, Tiles
from backhand.page.heading import changes, subtitle
from backhand.page.numbers import NONE, brief, change, duration, percent, shown
from backhand.study import to_values
from backhand.study.series import Part
from backhand.training.metrics import ACCURACY

FEW, SOME = 8, 24  # cells whose curves can be told apart in one plot, and in a plot each
SHOWN = 30  # cells in a table, unless they are all of the part
JOINED = "\N{NO-BREAK SPACE}"


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError where a file is missing or damaged."""
    saved = read(folder)
    line = subtitle(saved.data, saved.environment, saved.series.changes)
    return Page(saved.series.title, line, (*chapters(saved), _settings(saved)))


def chapters(saved: SavedSeries) -> tuple[Section, ...]:
    """The claims, and then every part that has begun."""
    return _claims(saved), *(_part(part, cells, saved) for part, cells in saved.parts())


def _claims(saved: SavedSeries) -> Section:
    runs = saved.runs
    asked = [claim for claim in saved.claims if claim.met is not None]
    met = sum(bool(claim.met) for claim in asked)
    seconds = saved.seconds
    tiles = (
        ("runs", str(len(runs)), f"{sum(run.status != 'finished' for run in runs)} diverged"),
        ("claims met", f"{met} of {len(asked)}", "of the claims with a target"),
        (
            "training time",
            duration(seconds),
            f"{saved.environment.cpu}, {saved.environment.cores or '?'} cores",
        ),
    )
    return Section("claims", "Reported results beside ours", (*changed(saved), Tiles(tiles), claims_table(saved)))


def changed(saved: SavedSeries) -> tuple[Block, ...]:
    """What the command line changed of the runs, where it did: figures of other runs are no answer to a claim."""
    altered = {part.name: saved.series.alterations(part) for part in saved.series.parts}
    untouched = [name for name, alterations in altered.items() if not alterations]
    if len(untouched) == len(altered):
        return ()
    but = f", all but {', '.join(untouched)}" if untouched else ""
    return (
        Notice(
            f"The command line changed the runs of this series{but}: {changes(saved.series.changes)}. Claims about "
            f"changed runs are not judged, and a title that names a value may name the old one."
        ),
    )


def _settings(saved: SavedSeries) -> Section:
    table = settings.table(f"Every setting of this series ({SERIES}).", to_values(saved.series))
    text = Text(f"The file {SERIES} beside this report holds every setting. To repeat all runs:")
    return settings.chapter("series", [table], saved.environment, again=(text, Code(f"backhand run {SERIES}")))


def claims_table(saved: SavedSeries) -> Table:
    """Every claim with what was reported, ours, and whether it is met."""
    rows = tuple(_claim(claim) for claim in saved.claims)
    head = "part", "figure", "run", "reported", "ours", "difference", "target", "verdict"
    caption = (
        "What was reported, what was measured here, and the difference (of percentages, in percentage points). Where a "
        "claim names no run, it is about the run with the best validation accuracy; test data choose nothing."
    )
    return Table(caption, head, rows, "lllrrrrl")


def _claim(claim: Verdict) -> tuple[str, ...]:
    metric, ours, reported = claim.metric, claim.ours, claim.reported
    difference = None if ours is None or reported is None else ours - reported
    least, most = shown(claim.least, metric), shown(claim.most, metric)
    bound = f"≥ {least}" if least else f"≤ {most}" if most else ""
    met = {True: "met", False: "missed", None: "" if claim.judged else "not judged"}[claim.met]
    cell = ", ".join(claim.cell.values())
    figures = shown(reported, metric), shown(ours, metric), change(difference, metric)
    return claim.part, claim.what, cell, *figures, bound, met


def _part(part: Part, cells: tuple[Cell, ...], saved: SavedSeries) -> Section:
    said = (*findings(part, cells), *_against(part, cells, saved))
    blocks: list[Block] = [Text(_about(part))]
    if reached := saved.series.changes_of(part):
        blocks.append(Notice(f"Changed on the command line: {changes(reached)}."))
    remarks = [(cell, run.message) for cell in cells for run in cell.runs if run.status == "finished"]
    blocks += [Notice(f"{cell.name}: {remark}") for cell, remark in remarks if remark]
    blocks += [Points(said)] if said else []
    blocks += _images(part, cells)
    blocks += rates(part, cells)
    blocks.append(_table(part, cells))
    if part.whole:
        blocks += [block for cell in cells for block in kept_whole(part, cell)]
    return Section(part.name, part.title, tuple(blocks))


def _against(part: Part, cells: tuple[Cell, ...], saved: SavedSeries) -> Iterator[tuple[str, str]]:
    return against(cells, part.against, saved.cells[part.against]) if part.against else iter(())


def _about(part: Part) -> str:
    """Which study the runs are of, what is changed in all of them, what varies, and how often each is trained."""
    study, axes = f"The runs are of the study {part.study}", [axis.name for axis in part.axes]
    changed = " with " + "; ".join(f"{key} = {brief(value)}" for key, value in part.set.items()) if part.set else ""
    varied = f" They differ in {' and '.join(axes)}." if axes else ""
    seeds = "one seed" if part.seeds == 1 else f"{part.seeds} seeds; the table shows the mean and the range"
    return f"{study}{changed}.{varied} Each is trained with {seeds}."


def _table(part: Part, cells: tuple[Cell, ...]) -> Table:
    head = *(axis.name for axis in part.axes), "training", "validation", "test", "time", "verdict", "why"
    rows, shown = [], cells if len(cells) <= SHOWN else _best(cells)
    for cell in shown:
        said = verdict(cell, cells)
        figures = (_range(cell, f"{name}_accuracy") for name in ("train", "validation", "test"))
        seconds = cell.mean("seconds")
        time = NONE if seconds is None else duration(seconds)
        rows.append((*cell.labels.values(), *figures, time, said.word, said.reason))
    which = "" if shown is cells else f" The best {len(shown)} of {len(cells)} cells on validation data."
    return Table(
        f"{part.title}. Accuracies of the kept weights.{which}", head, tuple(rows), "l" * len(part.axes) + "sssrll"
    )


def _best(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    return tuple(sorted(cells, key=lambda cell: ACCURACY.cost(cell.mean("validation_accuracy")))[:SHOWN])


def _range(cell: Cell, key: str) -> str:
    values = cell.values(key)
    if not values or len(values) < len(cell.runs):
        return NONE
    middle = percent(sum(values) / len(values))
    spread = f"({100 * min(values):.1f} to {100 * max(values):.1f})".replace(" ", JOINED)
    return middle if len(values) == 1 else f"{middle} {spread}"


def _images(part: Part, cells: tuple[Cell, ...]) -> Iterator[Images]:
    """What suits the part: curves of a few cells, or a small plot for each; accuracy along one axis, or a map."""
    varied = [axis.name for axis in part.axes if len({cell.labels[axis.name] for cell in cells}) > 1]
    if FEW < len(cells) <= SOME:
        caption = "Training and validation accuracy (dashed) of each cell, epoch by epoch."
        alt = f"accuracies against epochs, a small plot for each of {len(cells)} cells"
        yield Images((Image(f"{part.name}-epochs", plots.panels(cells), alt, caption),))
    found = list(_curves(part, cells)) if len(cells) <= FEW else []
    if len(varied) == 1:
        png = plots.strengths(cells, varied[0])
        caption = f"Accuracy for each {varied[0]}; bars show the range over the seeds."
        found.append(Image(f"{part.name}-strength", png, f"accuracies against {varied[0]}", caption))
    if len(varied) > 1:
        half = len(varied) // 2
        png = plots.heat_map(cells, varied[:half], varied[half:], "validation_accuracy", "validation accuracy (%)")
        caption = "Validation accuracy of every cell; × marks cells with a run that diverged."
        found.append(Image(f"{part.name}-map", png, f"validation accuracy by {' and '.join(varied)}", caption))
    if found:
        yield Images(tuple(found))


def _curves(part: Part, cells: tuple[Cell, ...]) -> Iterator[Image]:
    for key, label, over_time in CURVES:
        if _worth_drawing(key, cells):
            png = plots.curves(cells, key, label, over_time=over_time)
            against = "time" if over_time else "epochs"
            alt = f"{label} against {against}, a line for each of {len(cells)} cells"
            yield Image(f"{part.name}-{key}", png, alt, f"{label.capitalize()} against {against}.")


def _worth_drawing(key: str, cells: tuple[Cell, ...]) -> bool:
    """Whether every run has these figures, and one has a second epoch; of a schedule, whether it moves, and differs."""
    histories = [run.history for cell in cells for run in cell.runs[:1] if run.history]
    longest = max(map(len, histories), default=0)
    there = longest > 1 and all(any(key in record for record in history) for history in histories)
    if not there or key not in ("lr", "momentum"):
        return there
    courses = [[record[key] for record in history if key in record] for history in histories]
    moves = any(len(set(course)) > 1 for course in courses)
    shortest = min(map(len, courses))
    return moves and (len(cells) == 1 or any(course[:shortest] != courses[0][:shortest] for course in courses))


CURVES = (
    ("validation_loss", "validation loss", True),
    ("train_loss", "training loss", False),
    ("validation_error", "validation error (%)", False),
    ("train_error", "training error (%)", False),
    ("lr", "learning rate", False),
    ("momentum", "momentum", False),
)
