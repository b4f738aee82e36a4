"""The work of a run: it trains and tests a study, and after an interruption goes on where it was."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from backhand.data.value_range import ValueRange
from backhand.experiments import rates, settings
from backhand.experiments.build import Feeds, load_feeds, loss_for
from backhand.experiments.course import constant_loss, course_of
from backhand.experiments.run import KIND, evidence
from backhand.experiments.run.figures import (
    describe_data,
    describe_model,
    describe_training,
    split_scores,
)
from backhand.experiments.run.gradients import check_gradients, check_rounding
from backhand.experiments.run.illustrations import evidence_of
from backhand.experiments.run.initial_weights import InitialWeights
from backhand.experiments.run.interrupt import saved_first
from backhand.experiments.run.logs import Beginning, closing, final_figures, make_loggers, refuse_missing_loggers
from backhand.experiments.run.metrics import Metrics, Training
from backhand.experiments.run.record import finished_metrics, write_metrics
from backhand.experiments.run.resume import refuse_to_train_on, restore
from backhand.experiments.run.saved import Facts, Origin, Units
from backhand.experiments.run.split_accuracy import SplitAccuracy
from backhand.experiments.run.together import TrainTogether, lead, led
from backhand.experiments.trainer import Trainer
from backhand.experiments.workspace import Workspace
from backhand.files.paths import PathLike
from backhand.predictors.facts import Span
from backhand.study import Study
from backhand.study.auto import is_auto
from backhand.training.callbacks import Callback, Checkpoint
from backhand.training.losses import RegressionLoss
from backhand.training.parallel.ranks import Ranks
from backhand.training.parallel.solver import ParallelSolver
from backhand.training.progress import ProgressBar
from backhand.training.saving import has_state, remove_states

if TYPE_CHECKING:
    from backhand.loggers import Logger


@dataclass(frozen=True)
class Session:
    """A training with its folder and all that is needed to save it.   metrics: those known before the training."""

    folder: Path
    trainer: Trainer
    initial_weights: InitialWeights
    loggers: "Sequence[Logger]"
    beginning: Beginning
    saving: Checkpoint
    origin: Origin
    metrics: Metrics
    console: Console

    def write_metrics(self, **figures: Any) -> Metrics:
        """Write metrics.json with the figures known before the training and with these; returns its content."""
        metrics = self.metrics.model_copy(update={"init_from": self.initial_weights.init_from, **figures})
        write_metrics(self.folder, metrics)
        return metrics


def run(
    study: Study,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    resume: bool | None = False,
    quiet: bool = False,
    callbacks: Sequence[Callback] = (),
    ranks: Ranks | None = None,
) -> Metrics:
    """Train a study, choose the best epoch, test it, and write all but the report into the folder; returns its metrics.

    A new run makes the folder; a resumed run goes on from its newest readable state, bit for bit. A run that is
    finished, and whose states are deleted, stays as it is.

    study: what to train, such as `load_study` gives.
    path: the folder, which must be new or empty, or, to resume, that of the run.
    data_dir: the folder of data sets; None: as before, else the one that BACKHAND_DATA names, or the user's.
    resume: whether to go on with a run; None goes on where the folder holds a run, and starts one where it is empty.
    quiet: print nothing.
    callbacks: further ones, whose states are saved and given back; a resumed run needs the same ones.
    ranks: the processes that train together, of which this one leads; None where it trains alone.
    Raises DivergenceError when the loss stops being finite, and BackhandError for anything else a user can mend.
    """
    reads = study.data.places
    with Workspace.open(path, KIND, resume=resume, data_dir=data_dir, quiet=quiet, data=reads) as space:
        if space.resumed:
            saved = settings.read_study(space.folder)
            settings.refuse_another_study(space.folder, saved, study)
            study = settings.inherited(study, saved)
        return _run(study, space, callbacks, ranks)


def resume(path: PathLike, **options: Any) -> Metrics:
    """Go on with the run in this folder, with the study that is saved in it. The options are those of `run`."""
    return run(settings.read_study(Path(path)), path, resume=True, **options)


def _run(study: Study, space: Workspace, callbacks: Sequence[Callback], ranks: Ranks | None) -> Metrics:
    folder, console = space.folder, space.console
    saved = finished_metrics(folder) if space.resumed else None  # which refuses a run of a later version
    finished = None if has_state(folder) else saved
    has_weights = space.resumed and (has_state(folder) or finished is not None)
    session = _prepare(study, space, callbacks, ranks, has_weights=has_weights)
    if finished is not None:
        refuse_to_train_on(folder, session.trainer.study, finished, session.origin)
    elif has_weights:
        console.print("\n".join(restore(folder, session.trainer, session.origin)))
    elif space.resumed:
        console.print("no state has been saved yet; the training begins anew")
    if finished is not None:
        space.begin(study.seed, settings.study_file(session.trainer.study))
        console.print("the run is finished; nothing is left to train")
        return finished
    if ranks is not None:
        lead(ranks, TrainTogether.of(ranks, session.trainer.study, session.origin.data, space.data_dir))
    with closing(session.loggers, folder, session.beginning):
        _fit(session)
        with console.status("testing, and checking the gradients"):
            return _finish(session)


def _begin(session: Session, space: Workspace) -> None:
    """Write the files that a run has from its beginning on."""
    study = session.trainer.study
    space.begin(study.seed, settings.study_file(study))
    if session.trainer.rates:
        rates.write(space.folder, session.trainer.rates)
    session.write_metrics()


def _prepare(
    study: Study, space: Workspace, callbacks: Sequence[Callback], ranks: Ranks | None, *, has_weights: bool
) -> Session:
    """Assemble the training, which refuses what is impossible before anything is written.

    has_weights: whether the folder holds weights, so that the initial weights are not needed.
    """
    refuse_missing_loggers(study)
    feeds, console = load_feeds(study, space.data_dir), space.console
    status = console.status("finding a learning rate") if is_auto(study.train.optimizer.lr) else nullcontext()
    with status:
        trainer = Trainer.of(study, feeds, initial_weights=not has_weights, ranks=ranks)
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
    facts, save_every = _prediction_facts(study, feeds).as_json(), study.train.save_every
    saving = Checkpoint(space.folder, trainer.stopping, origin.as_json(), scaling, facts, save_every)
    loggers = make_loggers(study, space.folder)
    beginning = Beginning(lambda: _begin(session, space))
    watching = initial_weights, SplitAccuracy(feeds.watched)
    trainer.with_callbacks(*watching, *callbacks, ProgressBar(console), *loggers, beginning, saving)
    _announce(trainer, metrics, space)
    session = Session(space.folder, trainer, initial_weights, loggers, beginning, saving, origin, metrics, console)
    return session


def _announce(trainer: Trainer, metrics: Metrics, space: Workspace) -> None:
    """Print the folder, the study, its model and the notes on its data."""
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


def _prediction_facts(study: Study, feeds: Feeds) -> Facts:
    """The facts that `predict` needs besides the arrays: the classes, and the shape and range of the samples.

    The range is that of the whole training split, also for an extension that trains on the new part of it alone.
    """
    samples, encoding, loss = feeds.splits.train.x, feeds.splits.encoding, loss_for(study, feeds)
    return Facts(
        classes=tuple(feeds.splits.classes),
        targets=feeds.splits.targets,
        units=None
        if not isinstance(loss, RegressionLoss)
        else Units(center=tuple(loss.center), scale=tuple(loss.scale)),
        columns=None if encoding is None else encoding.columns,
        sample_shape=samples.shape[1:],
        span=Span.model_validate(ValueRange.fit(samples).facts()),
        resize=None if study.data.resize is None else study.data.resize.how,
    )


def _fit(session: Session) -> None:
    """Train; a divergence is written into metrics.json before its error is raised."""
    trainer = session.trainer
    solver, saving = trainer.solver, session.saving
    alone = not isinstance(solver, ParallelSolver)
    with saved_first(saving) if alone else led(solver, saving, session.folder):
        trainer.fit()
    if trainer.error is not None:
        trainer.solver.stopped = "the training diverged"
        session.write_metrics(status="diverged", message=str(trainer.error), training=describe_training(trainer))
    trainer.raise_divergence()


def _finish(session: Session) -> Metrics:
    """Validate and test the chosen weights, check the gradients, and write what the report needs.

    The test split is used here for the first and only time.
    """
    trainer, solver, feeds = session.trainer, session.trainer.solver, session.trainer.feeds
    result = trainer.test()
    failure = course_of(trainer, result).sentence()
    validated = trainer.validate()
    scores = split_scores(validated, result, solver.loss, feeds, trainer.study)
    gradients, rounding = check_gradients(solver, feeds.train), check_rounding(solver, feeds.train)
    evidence.write(session.folder, evidence_of(feeds, solver, result, session.initial_weights.first_weights))
    remarks = [f"the training failed. {failure}"] if failure else []
    remarks += [score.remark for score in scores.values() if score and score.remark]
    for remark in remarks:
        session.console.print(f"warning: {remark}")
    metrics = session.write_metrics(
        status="finished",
        training=describe_training(trainer, failure),
        **scores,
        gradient_check=gradients,
        rounding=rounding,
    )
    for logger in session.loggers:
        logger.finish(solver.step, final_figures(trainer.chosen_epoch, validated, result))
    if not trainer.study.train.keep_states:
        remove_states(session.folder)
    return metrics
