"""What the commands of all kinds share: the folder, the backend, Ctrl-C, the result, and the report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import typer

from backhand.errors import BackhandError, CheckpointError, DivergenceError
from backhand.files.paths import command
from backhand.machine import rank_of_mpi

ALLOWED = {"resume", "data_dir", "backend", "threads", "workers", "cluster"}  # the options that may come with --resume


@dataclass(frozen=True)
class Launch:
    """How an experiment is to be carried out, as the options of its command say.

    out: its folder; None: a new one below runs.   resume: the folder of one to go on with.
    cluster: the address of the cluster whose workers share the work, in place of `workers` processes.
    together: whether processes of `mpiexec`, where it has started any, do the work as one.
    """

    out: Path | None = None
    resume: Path | None = None
    data_dir: Path | None = None
    backend: str | None = None
    threads: int | None = None
    workers: int | None = None
    cluster: str | None = None
    together: bool = False

    def __post_init__(self) -> None:
        if self.resume is not None and self.out is not None and self.out != self.resume:
            raise BackhandError("--out and --resume name different folders; a resumed experiment stays where it is")
        if self.cluster is not None and self.workers is not None:
            raise BackhandError(
                "--workers shares the work among processes here, and --cluster among those of a cluster; give one of "
                "the two"
            )

    @contextmanager
    def connected(self) -> Iterator[dict[str, Any]]:
        """The options that a kind's `work.py` is given, in a `with` block in which the cluster is connected.

        Raises BackhandError where the cluster does not answer.
        """
        options: dict[str, Any] = {"data_dir": self.data_dir}
        if self.cluster is None:
            self._refuse_idle_processes()
            yield options | ({} if self.workers is None else {"workers": self.workers})
        else:
            from backhand.experiments.cluster import connect

            with connect(self.cluster, self.threads) as cluster:
                yield options | {"workers": cluster}

    def _refuse_idle_processes(self) -> None:
        """Raises BackhandError where `mpiexec` has started processes that would have nothing to do."""
        if self.together or rank_of_mpi() is None:
            return
        from backhand.training.parallel.ranks import launched

        if (ranks := launched()) is not None:
            raise BackhandError(
                f"mpiexec has started {ranks.size} processes, which share the trainings with --cluster mpi; add that, "
                f"or start one process"
            )

    def alone(self, name: str) -> Self:
        """The options of a kind whose work a single process does. name: of the study, for the error.

        Raises BackhandError where several workers or a cluster are to share the work.
        """
        option = "--cluster" if self.cluster is not None else "--workers"
        if self.cluster is not None or self.workers not in (None, 1):
            raise BackhandError(
                f"{option} shares out the work of searches and series, and {name} is a single training; leave it out"
            )
        return replace(self, workers=None, together=True)


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
    with (
        launch.connected() as options,
        experiment_folder(launch.resume or launch.out, name) as folder,
        interruptible(folder, *more),
        _watched(launch, folder),
    ):
        try:
            work(folder, **options)
        except DivergenceError:
            _report(folder, console)
            raise
        return _report(folder, console)


def _watched(launch: Launch, folder: Path) -> AbstractContextManager[None]:
    """With `--cluster mpi`, a context that says how to go on where mpiexec kills this process."""
    if launch.cluster != "mpi":
        return nullcontext()
    from backhand.experiments.watch import watched

    return watched(f"go on by the same command with --resume {command([folder])}")


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
