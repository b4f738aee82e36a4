"""What a notebook shows of an interpretation: the main figures, and tables of what went wrong."""

from typing import TYPE_CHECKING

import numpy as np

from backhand.notebook import html as pieces
from backhand.page.chance import wilson
from backhand.page.numbers import counted, percent, significant

if TYPE_CHECKING:
    from backhand.experiments.interpretation.interpretation import Interpretation
    from backhand.experiments.interpretation.regression import RegressionInterpretation

ROWS = 6  # of each table


def html(of: "Interpretation") -> str:
    """The figures as tiles, the hardest classes, the commonest confusions and the largest losses as tables."""
    facts = f"{counted(len(of.labels), 'sample')} of {len(of.classes)} classes"
    shown = pieces.row(_hardest(of), _confused(of), _losses(of))
    return pieces.view(pieces.heading(of.title, facts), pieces.tiles(_tiles(of)), shown)


def _tiles(of: "Interpretation") -> list[tuple[str, str, str]]:
    correct, bins = int((of.predictions == of.labels).sum()), of.calibration
    low, high = map(percent, wilson(correct, len(of.labels)))
    tiles = [("Accuracy", percent(of.accuracy), f"{low} to {high}; {len(of.labels) - correct:,} wrong")]
    if bins is not None:
        mean = f"mean confidence {percent(bins.mean_confidence)}"
        tiles.append(("Calibration error", percent(bins.error), mean))
    return [*tiles, ("Mean loss", f"{np.mean(of.losses):.4f}", "cross-entropy, in nats")]


def _hardest(of: "Interpretation") -> str:
    worst = sorted(of.errors_by_class, key=lambda row: -row.share)[:ROWS]
    rows = [(row.name, f"{row.errors:,} of {row.samples:,}", percent(row.share)) for row in worst]
    return pieces.table(("hardest classes", "wrong", "share"), rows, "lrr")


def _confused(of: "Interpretation") -> str:
    rows = [(f"{pair.true} → {pair.predicted}", f"{pair.times:,}") for pair in of.most_confused()[:ROWS]]
    return pieces.table(("most confused", "times"), rows, "lr")


def _losses(of: "Interpretation") -> str:
    rows = [
        (str(top.sample), f"{top.label} → {top.predicted}", f"{top.loss:.2f}", percent(top.confidence))
        for top in of.top_losses(ROWS)
    ]
    return pieces.table(("sample", "largest losses", "loss", "confidence"), rows, "rlrr")


def regression_html(of: "RegressionInterpretation") -> str:
    """RMSE, MAE and R² of each target with their intervals, and the largest errors."""
    facts = f"{counted(len(of.truth), 'sample')} of {counted(len(of.targets), 'target')}"
    return pieces.view(pieces.heading(of.title, facts), pieces.row(_by_target(of), _largest(of)))


def _by_target(of: "RegressionInterpretation") -> str:
    from backhand.experiments.run.report.regression import estimated

    rows = [
        (each.name, *map(estimated, (each.rmse, each.mae, each.r2)), f"{each.baseline_rmse:.4g}")
        for each in of.errors_by_target
    ]
    return pieces.table(("target", "RMSE", "MAE", "R²", "RMSE of the mean"), rows, "lrrrr")


def _largest(of: "RegressionInterpretation") -> str:
    several = len(of.targets) > 1
    rows = [
        (str(top.sample), *((top.target,) if several else ()), *map(significant, (top.true, top.predicted, top.error)))
        for top in of.top_losses(ROWS)
    ]
    head = ("sample", *(("target",) if several else ()), "true", "predicted", "largest errors")
    return pieces.table(head, rows, "r" + "l" * several + "rrr")
