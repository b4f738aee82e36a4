"""What `backhand run` does with series: one, or all that ship."""

import shlex
from pathlib import Path

from backhand import report
from backhand.cli.interrupted import interruptible
from backhand.console import make_console
from backhand.experiment import folder, workspace
from backhand.study import Series, shipped_series

RESULTS = "RESULTS.md"
console = make_console()


def run(asked: Series, data_dir: Path | None, out: Path | None, resume: Path | None) -> Path:
    """Every run of a series, then the claims beside the figures; returns its folder."""
    from backhand.series import run as run_series  # heavier than the command line needs to be
    from backhand.series.claims import table

    with workspace.named(resume or out, asked.name) as path:
        with interruptible(path, f"go on with: backhand run --resume {shlex.quote(str(path))}"):
            found = run_series(asked, path, data_dir=data_dir, resume=resume is not None)
        console.print(table(found))
        console.print(f"report: {report.write(path)}")
        return path


def run_all(data_dir: Path | None, out: Path) -> None:
    """Every series that ships, each in a folder of its own below `out`; what is done there is not done again."""
    asked = shipped_series().values()
    workspace.refuse_others(out, {RESULTS, *shipped_series()})
    minutes = sum(each.minutes for each in asked)
    console.print(f"{len(asked)} series, about {minutes / 60:.1f} hours in all, into {out}")
    done = []
    for each in asked:
        path = out / each.name
        done.append(run(each, data_dir, path, path if (path / folder.SERIES).exists() else None))
    console.print(f"results: {report.write_results(done, out / RESULTS)}")
