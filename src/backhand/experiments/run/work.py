"""A study from its first line to the folder of results; killed at any moment, it goes on where it was."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from backhand.data.value_range import ValueRange
from backhand.experiments import rates, settings
from backhand.experiments.build import Feeds, load_feeds
from backhand.experiments.course import constant_loss, course
from backhand.experiments.run import KIND, evidence
from backhand.experiments.run.figures import (
    describe_data,
    describe_model,
    describe_training,
    score,
    test_score,
)
from backhand.experiments.run.gradients import check_gradients, check_rounding
from backhand.experiments.run.illustrations import evidence_of
from backhand.experiments.run.initial_weights import InitialWeights
from backhand.experiments.run.interrupt import saved_first
from backhand.experiments.run.metrics import Metrics, Training
from backhand.experiments.run.record import finished, write_metrics
from backhand.experiments.run.resume import refuse_to_train_on, restore
from backhand.experiments.run.saved import Facts, Origin, Span
from backhand.experiments.run.split_accuracy import SplitAccuracy
from backhand.experiments.trainer import Trainer
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.study.auto import is_auto
from backhand.training.callbacks import Checkpoint
from backhand.training.progress import ProgressBar
from backhand.training.saving import has_state, remove_states


@dataclass(frozen=True)
class Run:
    """A training with what it leaves in its folder.  metrics: as far as they are known before it."""

    folder: Path
    trainer: Trainer
    initial_weights: InitialWeights
    saving: Checkpoint
    origin: Origin
    metrics: Metrics
    console: Console

    def note(self, **known: Any) -> Metrics:
        """Write metrics.json with what has become known; returns it."""
        metrics = self.metrics.model_copy(update={"init_from": self.initial_weights.init_from, **known})
        write_metrics(self.folder, metrics)
        return metrics


def run(
    study: Study,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    quiet: bool = False,
) -> Metrics:
    """Train, choose, test, and write everything but the report into the folder `path`; returns its metrics.json.

    A fresh run makes the folder; a resumed one goes on from its newest readable state, bit for bit. One that is
    finished, and has no states any more, stays as it is.

    study: what to train, such as `load_study` gives.
    path: the folder, which must be new or empty, or, to resume, that of the run.
    data_dir: the folder of data sets; None: as before, else the one that BACKHAND_DATA names, or the user's.
    resume: whether to go on; None goes on where the folder holds a run, and begins where it holds nothing.
    quiet: print nothing.
    Raises DivergenceError when the loss stops being finite, and BackhandError for anything else a user can mend.
    """
    reads = [study.data.path]
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=reads) as space:
        if space.resumed:
            own = settings.read_study(space.folder)
            settings.refuse_another_study(space.folder, own, study)
            study = settings.inherited(study, own)
        return _run(study, space)


def resume(path: PathLike, *, data_dir: PathLike | None = None, quiet: bool = False) -> Metrics:
    """Go on with the run in this folder, as its own study says."""
    return run(settings.read_study(Path(path)), path, data_dir=data_dir, resume=True, quiet=quiet)


def _run(study: Study, space: Workspace) -> Metrics:
    folder, console = space.folder, space.console
    saved = finished(folder) if space.resumed else None  # which refuses a run of a later version
    done = None if has_state(folder) else saved
    begun = space.resumed and (has_state(folder) or done is not None)
    made = _prepare(study, space, begun=begun)
    if done is not None:
        refuse_to_train_on(folder, made.trainer.study, done, made.origin)
    elif begun:
        console.print("\n".join(restore(folder, made.trainer, made.origin)))
    elif space.resumed:
        console.print("no state has been saved yet; the training begins anew")
    space.begin(study.seed, settings.study_file(made.trainer.study))
    if done is not None:
        console.print("the run is finished; nothing is left to train")
        return done
    if made.trainer.rates:
        rates.write(folder, made.trainer.rates)
    made.note()
    _fit(made)
    with console.status("testing, and checking the gradients"):
        return _finish(made)


def _prepare(study: Study, space: Workspace, *, begun: bool) -> Run:
    """Everything that can be refused before anything is written. A run that has begun has its weights in its state."""
    feeds, console = load_feeds(study, space.data_dir), space.console
    finding = console.status("finding a learning rate") if is_auto(study.train.optimizer.lr) else nullcontext()
    with finding:
        trainer = Trainer.of(study, feeds, initial_weights=not begun)
    study, model = trainer.study, trainer.solver.model
    metrics = Metrics(
        status="running",
        data=describe_data(study, feeds, model),
        model=describe_model(model),
        training=Training(constant_loss=constant_loss(study, feeds)),
    )
    initial_weights = InitialWeights.of(model, trainer.transfer)
    origin = Origin(study=settings.settings(study), data=metrics.data.sha256)
    scaling = {f"standardizer.{name}": value for name, value in feeds.train.standardizer.arrays().items()}
    facts, every = _for_predictions(study, feeds).as_json(), study.train.save_every
    saving = Checkpoint(space.folder, trainer.stopping, origin.as_json(), scaling, facts, every)
    trainer.with_callbacks(initial_weights, SplitAccuracy(feeds.watched), ProgressBar(console), saving)
    _announce(trainer, metrics, space)
    return Run(space.folder, trainer, initial_weights, saving, origin, metrics, console)


def _announce(trainer: Trainer, metrics: Metrics, space: Workspace) -> None:
    """Print what is about to be trained."""
    study, console = trainer.study, space.console
    console.print(f"folder: {space.folder}")
    console.print(f"{study.title or study.name}: {len(trainer.feeds.train):,} training samples")
    console.print(trainer.solver.model.summary())
    for key, value in metrics.data.notes.items():
        console.print(f"{key}: {value}")
    if trainer.transfer:
        console.print(str(trainer.transfer))
    if trainer.rates:
        steps = len(trainer.rates.lr)
        console.print(f"learning rate {study.train.optimizer.lr:g}, by a range test of {steps} steps")


def _for_predictions(study: Study, feeds: Feeds) -> Facts:
    """What `predict` needs to know besides the arrays: the classes, and what samples are like.

    Those of the whole training part, to which an extension that trains on new data alone belongs with its old ones.
    """
    samples = feeds.splits.train.x
    return Facts(
        classes=tuple(feeds.splits.classes),
        sample_shape=samples.shape[1:],
        span=Span.model_validate(ValueRange.fit(samples).facts()),
        resize=None if study.data.resize is None else study.data.resize.how,
    )


def _fit(made: Run) -> None:
    trainer = made.trainer
    with saved_first(made.saving):
        trainer.fit()
    if trainer.error is not None:
        trainer.solver.stopped = "the training diverged"
        made.note(status="diverged", message=str(trainer.error), training=describe_training(trainer))
    trainer.raise_divergence()


def _finish(made: Run) -> Metrics:
    """Judge the chosen weights: validation, test (touched once), gradients, and what the report needs."""
    trainer, solver, feeds = made.trainer, made.trainer.solver, made.trainer.feeds
    result = trainer.test()
    failure = course(trainer, result).sentence()
    held = trainer.validate()
    validation = None if held is None else score(held, "validation", trainer.study)
    test = test_score(result, solver.loss, feeds.splits.classes, trainer.study)
    gradients, rounding = check_gradients(solver, feeds.train), check_rounding(solver, feeds.train)
    evidence.write(made.folder, evidence_of(feeds, solver, result, made.initial_weights.first_weights))
    remarks = [f"the training failed. {failure}"] if failure else []
    for remark in (*remarks, *(each.remark for each in (validation, test) if each and each.remark)):
        made.console.print(f"warning: {remark}")
    metrics = made.note(
        status="finished",
        training=describe_training(trainer, failure),
        validation=validation,
        test=test,
        gradient_check=gradients,
        rounding=rounding,
    )
    if not trainer.study.train.keep_states:
        remove_states(made.folder)
    return metrics
