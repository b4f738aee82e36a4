"""The sections of the report on a saved series."""

from collections.abc import Iterator
from pathlib import Path

from backhand.experiments.series.forms import Verdict
from backhand.experiments.series.record import Cell, SavedSeries, read
from backhand.experiments.series.report import plots
from backhand.experiments.series.report.findings import findings, part_comparison
from backhand.experiments.series.report.fit import fit_of
from backhand.experiments.series.report.rates import range_test_blocks
from backhand.experiments.series.report.whole_runs import whole_run_blocks
from backhand.files.names import SERIES
from backhand.page import settings
from backhand.page.blocks import Block, Code, Image, Images, Notice, Page, Points, Section, Table, Text, Tiles
from backhand.page.heading import changes, subtitle
from backhand.page.numbers import NONE, brief, duration, metric_change, metric_text, percent
from backhand.study import to_values
from backhand.study.series import Part
from backhand.training.metrics import ACCURACY

ONE_PLOT, PLOT_EACH = 8, 24  # the most cells whose curves are drawn in one plot, and in a small plot for each
MOST_ROWS = 30  # cells in a table
JOINED = "\N{NO-BREAK SPACE}"


def page(folder: Path) -> Page:
    """Write the report as a page. Raises CheckpointError where a file is missing or damaged."""
    saved_series = read(folder)
    subtitle_text = subtitle(saved_series.data, saved_series.environment, saved_series.series.changes)
    return Page(saved_series.series.title, subtitle_text, (*chapters(saved_series), _settings(saved_series)))


def chapters(saved_series: SavedSeries) -> tuple[Section, ...]:
    """Write the section on the claims, and a section on every part that has a result."""
    return _claims(saved_series), *(_part(part, cells, saved_series) for part, cells in saved_series.parts())


def _claims(saved_series: SavedSeries) -> Section:
    runs, environment = saved_series.runs, saved_series.environment
    with_target = [claim for claim in saved_series.claims if claim.met is not None]
    met = sum(bool(claim.met) for claim in with_target)
    tiles = (
        ("runs", str(len(runs)), f"{sum(run.status != 'finished' for run in runs)} diverged"),
        ("claims met", f"{met} of {len(with_target)}", "of the claims with a target"),
        ("training time", duration(saved_series.seconds), f"{environment.cpu}, {environment.cores or '?'} cores"),
    )
    blocks = *changes_notice(saved_series), Tiles(tiles), claims_table(saved_series)
    return Section("claims", "Reported results beside ours", blocks)


def changes_notice(saved_series: SavedSeries) -> tuple[Block, ...]:
    """Write a notice of what the command line changed, where figures of changed runs do not answer the claims."""
    series = saved_series.series
    unchanged = [part.name for part in series.parts if not series.decisive_changes(part)]
    if len(unchanged) == len(series.parts):
        return ()
    exception = f", all but {', '.join(unchanged)}" if unchanged else ""
    return (
        Notice(
            f"The command line changed the runs of this series{exception}: {changes(series.changes)}. Claims about "
            f"changed runs are not judged, and a title that names a value may name the old one."
        ),
    )


def _settings(saved_series: SavedSeries) -> Section:
    table = settings.table(f"Every setting of this series ({SERIES}).", to_values(saved_series.series))
    text = Text(f"The file {SERIES} beside this report holds every setting. To repeat all runs:")
    return settings.chapter("series", [table], saved_series.environment, again=(text, Code(f"backhand run {SERIES}")))


def claims_table(saved_series: SavedSeries) -> Table:
    """Write a table of every claim: the reported figure, ours, and whether the claim is met."""
    rows = tuple(_claim_row(claim) for claim in saved_series.claims)
    head = "part", "figure", "run", "reported", "ours", "difference", "target", "verdict"
    caption = (
        "What was reported, what was measured here, and the difference (of percentages, in percentage points). Where a "
        "claim names no run, it is about the run with the best validation accuracy; test data choose nothing."
    )
    return Table(caption, head, rows, "lllrrrrl")


def _claim_row(claim: Verdict) -> tuple[str, ...]:
    metric, ours, reported = claim.metric, claim.ours, claim.reported
    difference = None if ours is None or reported is None else ours - reported
    least, most = metric_text(claim.least, metric), metric_text(claim.most, metric)
    target = f"≥ {least}" if least else f"≤ {most}" if most else ""
    verdict_text = {True: "met", False: "missed", None: "" if claim.judged else "not judged"}[claim.met]
    cell = ", ".join(claim.cell.values())
    figures = metric_text(reported, metric), metric_text(ours, metric), metric_change(difference, metric)
    return claim.part, claim.what, cell, *figures, target, verdict_text


def _part(part: Part, cells: tuple[Cell, ...], saved_series: SavedSeries) -> Section:
    sentences = (*findings(part, cells), *_compare(part, cells, saved_series))
    blocks: list[Block] = [Text(_description(part))]
    if part_changes := saved_series.series.changes_of(part):
        blocks.append(Notice(f"Changed on the command line: {changes(part_changes)}."))
    remarks = [(cell, run.message) for cell in cells for run in cell.runs if run.status == "finished"]
    blocks += [Notice(f"{cell.name}: {remark}") for cell, remark in remarks if remark]
    blocks += [Points(sentences)] if sentences else []
    blocks += _images(part, cells)
    blocks += range_test_blocks(part, cells)
    blocks.append(_table(part, cells))
    if part.whole:
        blocks += [block for cell in cells for block in whole_run_blocks(part, cell)]
    return Section(part.name, part.title, tuple(blocks))


def _compare(part: Part, cells: tuple[Cell, ...], saved_series: SavedSeries) -> Iterator[tuple[str, str]]:
    return part_comparison(cells, part.against, saved_series.cells[part.against]) if part.against else iter(())


def _description(part: Part) -> str:
    """Say of which study the runs are, what is set in all of them, what varies, and with how many seeds."""
    study, axes = f"The runs are of the study {part.study}", [axis.name for axis in part.axes]
    values = "; ".join(f"{key} = {brief(value)}" for key, value in part.set.items())
    settings_text = f" with {values}" if values else ""
    varied = f" They differ in {' and '.join(axes)}." if axes else ""
    seeds = "one seed" if part.seeds == 1 else f"{part.seeds} seeds; the table shows the mean and the range"
    return f"{study}{settings_text}.{varied} Each is trained with {seeds}."


def _table(part: Part, cells: tuple[Cell, ...]) -> Table:
    head = *(axis.name for axis in part.axes), "training", "validation", "test", "time", "verdict", "why"
    rows, listed = [], cells if len(cells) <= MOST_ROWS else _best(cells)
    for cell in listed:
        fit = fit_of(cell, cells)
        figures = (_range(cell, f"{name}_accuracy") for name in ("train", "validation", "test"))
        seconds = cell.mean("seconds")
        time = NONE if seconds is None else duration(seconds)
        rows.append((*cell.labels.values(), *figures, time, fit.word, fit.reason))
    selection = "" if listed is cells else f" The best {len(listed)} of {len(cells)} cells on validation data."
    return Table(
        f"{part.title}. Accuracies of the kept weights.{selection}", head, tuple(rows), "l" * len(part.axes) + "sssrll"
    )


def _best(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    return tuple(sorted(cells, key=lambda cell: ACCURACY.cost(cell.mean("validation_accuracy")))[:MOST_ROWS])


def _range(cell: Cell, key: str) -> str:
    values = cell.values(key)
    if not values or len(values) < len(cell.runs):
        return NONE
    middle = percent(sum(values) / len(values))
    spread = f"({100 * min(values):.1f} to {100 * max(values):.1f})".replace(" ", JOINED)
    return middle if len(values) == 1 else f"{middle} {spread}"


def _images(part: Part, cells: tuple[Cell, ...]) -> Iterator[Images]:
    """Draw the plots that suit the part: curves or small plots of the cells; accuracy along one axis, or a map."""
    varied = [axis.name for axis in part.axes if len({cell.labels[axis.name] for cell in cells}) > 1]
    if ONE_PLOT < len(cells) <= PLOT_EACH:
        caption = "Training and validation accuracy (dashed) of each cell, epoch by epoch."
        alt = f"accuracies against epochs, a small plot for each of {len(cells)} cells"
        yield Images((Image(f"{part.name}-epochs", plots.panels(cells), alt, caption),))
    images = list(_curves(part, cells)) if len(cells) <= ONE_PLOT else []
    if len(varied) == 1:
        png = plots.strengths(cells, varied[0])
        caption = f"Accuracy for each {varied[0]}; bars show the range over the seeds."
        images.append(Image(f"{part.name}-strength", png, f"accuracies against {varied[0]}", caption))
    if len(varied) > 1:
        half = len(varied) // 2
        png = plots.heat_map(cells, varied[:half], varied[half:], "validation_accuracy", "validation accuracy (%)")
        caption = "Validation accuracy of every cell; × marks cells with a run that diverged."
        images.append(Image(f"{part.name}-map", png, f"validation accuracy by {' and '.join(varied)}", caption))
    if images:
        yield Images(tuple(images))


def _curves(part: Part, cells: tuple[Cell, ...]) -> Iterator[Image]:
    for key, label, over_time in CURVES:
        if _worth_drawing(key, cells):
            png = plots.curves(cells, key, label, over_time=over_time)
            x_label = "time" if over_time else "epochs"
            alt = f"{label} against {x_label}, a line for each of {len(cells)} cells"
            yield Image(f"{part.name}-{key}", png, alt, f"{label.capitalize()} against {x_label}.")


def _worth_drawing(key: str, cells: tuple[Cell, ...]) -> bool:
    """Whether the first run of every cell has this figure and one has a second epoch.

    A rate or momentum is worth drawing only if it changes over the epochs, and differs between cells.
    """
    histories = [run.history for cell in cells for run in cell.runs[:1] if run.history]
    longest = max(map(len, histories), default=0)
    is_known = longest > 1 and all(any(key in epoch for epoch in history) for history in histories)
    if not is_known or key not in ("lr", "momentum"):
        return is_known
    columns = [[epoch[key] for epoch in history if key in epoch] for history in histories]
    varies = any(len(set(column)) > 1 for column in columns)
    shortest = min(map(len, columns))
    return varies and (len(cells) == 1 or any(column[:shortest] != columns[0][:shortest] for column in columns))


CURVES = (
    ("validation_loss", "validation loss", True),
    ("train_loss", "training loss", False),
    ("validation_error", "validation error (%)", False),
    ("train_error", "training error (%)", False),
    ("lr", "learning rate", False),
    ("momentum", "momentum", False),
)
