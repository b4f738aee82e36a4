"""What `backhand run` does with series: one, or all that ship."""

from pathlib import Path

from backhand.cli.interrupted import interruptible
from backhand.console.terminal import make_console
from backhand.experiments import environment, folder, reports, workspace
from backhand.study import Series, shipped_series

ALL, RESULTS = "all", "RESULTS.md"
console = make_console()


def run(asked: Series, data_dir: Path | None, out: Path | None, resume: Path | None) -> None:
    """Every run of a series, then the claims beside the figures."""
    with workspace.named(resume or out, asked.name) as path, interruptible(path):
        _run(asked, data_dir, path, resume=resume is not None)


def run_all(data_dir: Path | None, out: Path) -> None:
    """Every series that ships, each in a folder of its own below `out`; what is done there is not done again."""
    asked = shipped_series().values()
    workspace.refuse_others(out, {RESULTS, *shipped_series()})
    if (before := begun(out)) is not None:
        data_dir = environment.data_dir(before, data_dir, resume=True)
    minutes = sum(each.minutes for each in asked)
    console.print(f"{len(asked)} series, about {minutes / 60:.1f} hours in all, into {out}")
    with interruptible(out, again=True):
        for each in asked:
            _run(each, data_dir, out / each.name, resume=(out / each.name / folder.SERIES).exists())
        done = [out / each.name for each in asked]
        console.print(f"results: {reports.write_results(done, out / RESULTS)}")


def begun(out: Path) -> Path | None:
    """The first of the folders of all series below `out` that has been begun."""
    folders = (out / name for name in shipped_series())
    return next((each for each in folders if (each / folder.SERIES).exists()), None)


def _run(asked: Series, data_dir: Path | None, path: Path, *, resume: bool) -> None:
    from backhand.experiments.series import run as run_series  # heavier than the command line needs to be
    from backhand.experiments.series.claims import table

    found = run_series(asked, path, data_dir=data_dir, resume=resume)
    console.print(table(found))
    console.print(f"report: {reports.write(path)}")
