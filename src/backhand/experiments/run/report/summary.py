"""The beginning of a run's report: what must not be overlooked, the main figures, and the findings."""

from backhand.experiments.run.recipe import sentence, trial
from backhand.experiments.run.record import Run
from backhand.experiments.run.report import regression
from backhand.experiments.run.report.findings import findings
from backhand.page.blocks import Block, Notice, Points, Tiles
from backhand.page.numbers import count, counted, duration, percent


def summary(run: Run) -> tuple[Block, ...]:
    """The notices, the main figures as tiles, and the findings."""
    return (*map(Notice, notices(run)), Tiles(tiles(run)), Points(findings(run)))


def notices(run: Run) -> tuple[str, ...]:
    """Sentences on a run that is not finished, has diverged or was a trial, and the remarks on its figures."""
    status, message = run.metrics.status, run.metrics.message
    first = {
        "finished": (),
        "running": (f"This run is not finished; the report shows its state so far. {message}".strip(),),
        "diverged": (f"There is no test result: {message or 'the training diverged'}",),
    }
    metrics = run.metrics
    scores = (metrics.validation, metrics.test, metrics.validation_errors, metrics.test_errors)
    remarks = (score.remark for score in scores if score and score.remark)
    return (*first[status], *map(sentence, filter(None, [trial(run.study.train)])), *remarks)


def tiles(run: Run) -> tuple[tuple[str, str, str], ...]:
    """The main figures: for each its name, its value and a remark."""
    test, training, model = run.metrics.test, run.metrics.training, run.metrics.model
    shown = list(regression.tiles(run.metrics.test_errors)) if run.metrics.test_errors else []
    if test:
        low, high = map(percent, test.interval)
        shown = [
            ("Test accuracy", percent(test.accuracy), f"{low} to {high} ({test.interval_kind})"),
            ("Test error", percent(test.error), f"{count(test.count - test.correct)} of {count(test.count)} wrong"),
        ]
        if test.imbalanced:
            remark = f"mean over {len(test.per_class)} classes of equal weight"
            shown.append(("Macro-averaged recall", percent(test.macro.recall), remark))
    reason = f", {training.chosen_by}" if training.chosen_by else ""
    chosen = [("Kept epoch", str(run.chosen.epoch), f"of {training.epochs}{reason}")] if run.chosen else []
    length = f"{counted(training.epochs, 'epoch')}, {counted(training.steps, 'step')}"
    return (
        *shown,
        ("Parameters", count(model.parameters), f"{count(model.multiply_adds)} multiply-adds per sample"),
        ("Training time", duration(training.seconds), length),
        *chosen,
    )
