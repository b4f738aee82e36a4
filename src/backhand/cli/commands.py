"""What the commands do, composed from the floors below."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rich.table import Table

from backhand.cli import series
from backhand.cli.interrupted import interruptible
from backhand.console.terminal import make_console
from backhand.errors import BackhandError, CheckpointError, DivergenceError
from backhand.experiments import folder, reports, workspace
from backhand.experiments.folder import reopen
from backhand.experiments.kinds import RUN, SERIES_OF_RUNS, kind_of
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.trainer import Trainer
from backhand.files.atomic import refuse_among, refuse_unwritable
from backhand.page.numbers import decimal, time_spent
from backhand.study import Study, is_series, load, load_series, shipped, shipped_series
from backhand.study.values import override
from backhand.training.range_test import RatesTooHighError, range_test

console = make_console()


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
        """From the options as they were given."""
        paths = {"data.path": path, "train.init_from": init_from}
        more = (override(key, str(value)) for key, value in paths.items() if value is not None)
        return cls((*(set_ or ()), *more, *["data.skip_bad_images=true"] * skip_bad_images), seed)


def all_folder() -> Path:
    """Where `backhand run all` puts its series by default."""
    return workspace.ROOT / series.ALL


def run(
    study: str | None,
    data_dir: Path | None,
    out: Path | None,
    changes: Changes,
    resume: Path | None,
    storage: str | None = None,
) -> None:
    """Train or search, or make a whole series of runs; or go on with it. Then report."""
    _refuse_contradictions(study, out, changes, resume, storage)
    if resume is not None and (resume / folder.SERIES).exists():
        study = study or str(resume / folder.SERIES)
    if study == series.ALL:
        series.run_all(data_dir, out or all_folder())
        return
    if study is not None and is_series(study):
        if storage is not None:
            raise BackhandError(f"--storage is for searches, and {study} is a series of runs")
        series.run(load_series(study, changes.overrides, changes.seed), data_dir, out, resume)
        return
    chosen = _chosen(study, resume, changes)
    if storage is not None and chosen.search is None:
        raise BackhandError(f"--storage is for searches, and {chosen.name} is none: it has no search table")
    more = () if storage is None else ("--storage", storage)
    with workspace.named(resume or out, chosen.name) as path, interruptible(path, *more):
        if chosen.search is not None:
            _search(chosen, path, data_dir, resume is not None, storage)
        else:
            _train(chosen, path, data_dir, resume is not None)


def _refuse_contradictions(
    study: str | None, out: Path | None, changes: Changes, resume: Path | None, storage: str | None
) -> None:
    """Raises BackhandError for options that do not go together."""
    if study == series.ALL and (changes != Changes((), None) or resume is not None or storage is not None):
        raise BackhandError(
            "all series are run as they ship, into --out, and go on there when started again; "
            "to change a series, run it by its name"
        )
    if resume is not None and out is not None and out != resume:
        raise BackhandError("--out and --resume name different folders; a resumed run stays where it is")
    if resume is not None:
        _refuse_to_resume(resume)


def _chosen(study: str | None, resume: Path | None, changes: Changes) -> Study:
    """The study that is to be run or resumed."""
    if resume is not None:
        asked = study or str(resume / folder.STUDY)
        return reopen(resume, lambda: load(asked, changes.overrides, changes.seed))
    if study is not None:
        return load(study, changes.overrides, changes.seed)
    raise BackhandError("name a study, such as `backhand run digits`, or a run to --resume")


def _refuse_to_resume(path: Path) -> None:
    """Raises CheckpointError where another command goes on with what is in the folder."""
    kind = kind_of(path)
    if kind not in (None, RUN, SERIES_OF_RUNS):
        raise CheckpointError(f"{path} holds {kind.name}; {kind.onward(path)}")


def _search(study: Study, path: Path, data_dir: Path | None, resume: bool, storage: str | None) -> None:
    from backhand.experiments import search
    from backhand.experiments.search.report.chapters import findings

    record = search.run(study, path, data_dir=data_dir, resume=resume, url=storage)
    for title, sentence in findings(record):
        console.print(f"{title}: {sentence}")
    for each in (*(path / run["folder"] for run in record["runs"]), path):
        console.print(f"report: {reports.write(each)}")


def _train(study: Study, path: Path, data_dir: Path | None, resume: bool) -> None:
    try:
        metrics = work.run(study, path, data_dir=data_dir, resume=resume)
    except DivergenceError:
        console.print(f"report: {reports.write(path)}")
        raise
    with console.status("drawing the report"):
        page = reports.write(path)
    training = metrics["training"]
    saving = training.get("saving_seconds")  # which earlier versions did not measure
    console.print(time_spent(training["epochs"], training["steps"], training["seconds"], saving))
    test = metrics["test"]
    low, high = test["interval"]
    console.print(
        f"test accuracy {test['accuracy']:.2%} ({test['interval_kind']} interval {low:.2%} to {high:.2%}, "
        f"{test['correct']:,} of {test['count']:,} right), loss {decimal(test['loss'])}",
    )
    console.print(f"report: {page}")


def list_studies() -> None:
    """The shipped studies as a table."""
    table = Table("study", "data", "model", "epochs", "title", box=None, header_style="bold", pad_edge=False)
    for study in shipped().values():
        table.add_row(study.name, study.data.name, study.model.name, str(study.train.epochs), study.title)
    for each in shipped_series().values():
        runs = sum(sum(1 for _ in part.cells()) * part.seeds for part in each.parts)
        table.add_row(each.name, "", f"{runs} runs", "", each.title)
    console.print(table)


def write_reports(runs: Sequence[Path], results: Path | None = None) -> None:
    """The reports of runs, anew; results: and a file with the claims of all of them, which are series."""
    if results is not None:
        refuse_unwritable(results)
    for run in runs:
        console.print(f"report: {reports.write(run)}")
    if results is not None:
        console.print(f"results: {reports.write_results(runs, results)}")


def predict(run: Path, images: Sequence[Path], resize: bool) -> None:
    """One row an image: the class, its probability, and the two that come next."""
    import numpy as np

    classifier = load_classifier(run)
    samples = np.stack([classifier.read(path, resize=resize) for path in images])
    table = Table("image", "class", "probability", "next", box=None, header_style="bold", pad_edge=False)
    table.columns[2].justify = "right"
    for path, row in zip(images, classifier.predict_proba(samples), strict=True):
        first, *others = np.argsort(-row, kind="stable")[:3]
        runners_up = ", ".join(f"{classifier.classes[k]} {row[k]:.1%}" for k in others)
        table.add_row(str(path), classifier.classes[first], f"{row[first]:.1%}", runners_up)
    console.print(table)
    for remark in classifier.remarks:
        make_console(stderr=True).print(f"note: {remark}")
    if "hinge" in classifier.loss.op_name:
        console.print(f"probability: {classifier.loss.confidence}")


def lr_find(name: str, changes: Changes, data_dir: Path | None, out: Path, options: dict[str, Any]) -> None:
    """A range test on the study's own data, model and optimiser."""
    from backhand.page.range_test import draw

    refuse_unwritable(out)
    study = load(name, changes.overrides, changes.seed)
    refuse_among(out, [study.data.path])
    trainer = Trainer(data_dir)
    for remark in trainer.feeds(study).splits.remarks:
        console.print(remark)
    try:
        found = range_test(trainer.solver(study), trainer.feeds(study).train, **options)
    except RatesTooHighError as error:
        raise BackhandError(f"{error}; choose a lower --low") from error
    draw(found, study.title or study.name, out)
    console.print(
        f"{len(found.lr)} steps, learning rate {found.lr[0]:.2g} to {found.lr[-1]:.2g}\n"
        f"lowest loss at {found.lowest:.2g}; suggested: --set train.optimizer.lr={found.suggestion:.2g}\nplot: {out}",
    )
