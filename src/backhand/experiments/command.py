"""What the commands of all kinds share: the folder, the backend, Ctrl-C, the result, and the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import typer

from backhand.errors import BackhandError, CheckpointError, DivergenceError

ALLOWED = {"resume", "data_dir", "backend", "threads", "workers"}  # the options that may come with --resume


@dataclass(frozen=True)
class Launch:
    """How an experiment is to be carried out, as the options of its command say.

    out: its folder; None: a new one below runs.   resume: the folder of one to go on with.
    """

    out: Path | None = None
    resume: Path | None = None
    data_dir: Path | None = None
    backend: str | None = None
    threads: int | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.resume is not None and self.out is not None and self.out != self.resume:
            raise BackhandError("--out and --resume name different folders; a resumed experiment stays where it is")

    @property
    def options(self) -> dict[str, Any]:
        """The options that a kind's `work.py` is given."""
        return {"data_dir": self.data_dir} | ({} if self.workers is None else {"workers": self.workers})

    def alone(self) -> Self:
        """The options without the workers, for a kind whose work a single process does."""
        return replace(self, workers=None)


def carry_out(name: str, work: Callable[..., object], launch: Launch, *more: object) -> dict[str, Any]:
    """Call work(folder, **options); then show what came out, and write the report; returns what --json prints.

    name: of the new folder.   more: words of the command that goes on, which the folder does not know.
    """
    from backhand.console.terminal import make_console
    from backhand.experiments import engine
    from backhand.experiments.folders import experiment_folder
    from backhand.experiments.interrupted import interruptible

    engine.choose(launch.backend, launch.threads, launch.resume)
    console = make_console()
    with experiment_folder(launch.resume or launch.out, name) as folder, interruptible(folder, *more):
        try:
            work(folder, **launch.options)
        except DivergenceError:
            _report(folder, console)
            raise
        return _report(folder, console)


def _report(folder: Path, console: Any) -> dict[str, Any]:
    from backhand.console.output import OUTPUT
    from backhand.experiments import reports
    from backhand.experiments.listing import as_json, listed
    from backhand.page.terminal import show

    experiment = listed(folder)
    if experiment is None:
        return {}  # refused before anything was written
    for block in reports.closing(folder):
        show(console, block)
    pages = write_reports(folder, console)
    return as_json(experiment, whole=OUTPUT.json) | {"reports": list(map(str, pages))}


def write_reports(folder: Path, console: Any) -> list[Path]:
    """Write the reports of the experiment in the folder and of its runs, print where they are, and return that.

    Without the packages that this needs, the experiment is as complete: a sentence says how to have its report.
    """
    from backhand.experiments import reports
    from backhand.extras import MissingExtraError
    from backhand.files.paths import command

    try:
        with console.status("drawing the report"):
            pages = reports.write_all(folder)
    except MissingExtraError as error:
        console.print(f"no report: {error}, then write it by `{command(['backhand', 'report', folder])}`")
        return []
    for page in pages:
        console.print(f"report: {page}")
    return pages


def refuse_other_options(context: typer.Context, resume: Path) -> None:
    """Raises BackhandError for an option that a resumed experiment cannot change."""
    names = {option.name: "/".join((*option.opts, *option.secondary_opts)) for option in context.command.params}
    given = (key for key in names if (source := context.get_parameter_source(key)) and source.name == "COMMANDLINE")
    more = [names[key] for key in given if key not in ALLOWED and (key, context.params[key]) != ("out", resume)]
    if more:
        raise BackhandError(
            f"an experiment that is resumed keeps the options that it began with; leave out {', '.join(more)} and "
            f"give --resume FOLDER alone, or begin another one"
        )


def refuse_another_kind(resume: Path, command: str) -> None:
    """Raises CheckpointError where another command goes on with what is in the folder."""
    from backhand.experiments.kinds import kind_of

    kind = kind_of(resume)
    if kind is not None and kind.command != command:
        raise CheckpointError(f"{resume} holds {kind.name}; {kind.onward(resume)}")


@dataclass(frozen=True)
class Changes:
    """What the command line changes of a study: `--set` and the options that stand for one, and `--seed`."""

    overrides: tuple[str, ...]
    seed: int | None

    @classmethod
    def of(
        cls,
        set_: Sequence[str] | None,
        path: Path | None,
        skip_bad_images: bool,
        seed: int | None,
        init_from: Path | None = None,
    ) -> Self:
        """The changes from the options as they were typed."""
        from backhand.study.values import override

        paths = {"data.path": path, "train.init_from": init_from}
        more = (override(key, str(value)) for key, value in paths.items() if value is not None)
        return cls((*(set_ or ()), *more, *["data.skip_bad_images=true"] * skip_bad_images), seed)
