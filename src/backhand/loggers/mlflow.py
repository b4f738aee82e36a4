"""A log for MLflow: a run of an experiment on a tracking server, or in files."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backhand.extras import MLFLOW
from backhand.loggers.settings import plain
from backhand.loggers.tracker import TrackerLogger
from backhand.training.history import Record
from backhand.training.solver import Solver

LONGEST, MOST = 500, 100  # characters of a setting, and settings of one request


@dataclass(eq=False)
class MLflowLogger(TrackerLogger):
    """Logs to a new run of an experiment of MLflow; a training that goes on goes on with the same run.

    Metrics are named as in the history, those of steps step_NAME and final ones final_NAME. What a resumed training
    repeats is not logged again. Raises MissingExtraError without the package mlflow.

    experiment: its name; it is created where there is none.   name: of the run; None lets MLflow choose one.
    uri: of the server, or of a database, such as sqlite:///mlflow.db; None: MLFLOW_TRACKING_URI, else that database, or
    the folder mlruns where an earlier version of MLflow has left one with runs.
    """

    experiment: str = "backhand"
    name: str | None = None
    uri: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        MLFLOW.require("a log for MLflow")
        self._logged = {"epoch": 0, "step": 0}  # the latest ones that the run has

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """Those of MLflow besides those of all logs."""
        from mlflow.exceptions import MlflowException

        return (*super().failures, MlflowException)

    def reset(self) -> None:
        """Begin a new run, because a new training begins; or go on with the run that the file names."""
        super().reset()
        self._logged = {"epoch": 0, "step": 0}

    def begin(self, solver: Solver, settings: Mapping[str, Any]) -> None:
        """Create the run with its settings, or go on with the one that there is."""
        from mlflow.tracking import MlflowClient

        self._log = MlflowClient(self.uri)
        shown = plain(settings)
        if self.run is None:
            self.keep(self._log.create_run(self._experiment(), run_name=self.name).info.run_id)
        else:
            self._log.update_run(self.run, status="RUNNING")
            known = self._log.get_run(self.run).data
            latest = {name: int(known.metrics.get(name, 0)) for name in ("epoch", "step_number")}
            self._logged = {"epoch": latest["epoch"], "step": latest["step_number"]}
            shown = {name: value for name, value in shown.items() if name not in known.params}  # which cannot change
        self._log_settings(shown)

    def log_step(self, step: int, figures: Record) -> None:
        """Log the figures of a step, unless an interrupted training has logged them."""
        if step > self._logged["step"]:
            self._log_figures(step, {f"step_{name}": value for name, value in figures.items()} | {"step_number": step})

    def log_epoch(self, record: Record) -> None:
        """Log the record of an epoch, unless an interrupted training has logged it."""
        if record["epoch"] > self._logged["epoch"]:
            figures = {key: value for key, value in record.items() if key != "step"}
            self._log_figures(int(record["step"]), figures)

    def log_final(self, step: int, figures: Record) -> None:
        """Log the figures of the weights that the training kept, as final_<name>."""
        self._log_figures(step, {f"final_{name}": value for name, value in figures.items()})

    def end(self, *, failed: bool) -> None:
        """End the run, which a resumed training opens again."""
        self._log.set_terminated(self.run, "FAILED" if failed else "FINISHED")
        super().end(failed=failed)

    def _experiment(self) -> str:
        """The id of the experiment."""
        known = self._log.get_experiment_by_name(self.experiment)
        return self._log.create_experiment(self.experiment) if known is None else known.experiment_id

    def _log_settings(self, settings: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        params = [Param(name, str(value)[:LONGEST]) for name, value in settings.items()]
        for start in range(0, len(params), MOST):
            self._log.log_batch(self.run, params=params[start : start + MOST])

    def _log_figures(self, step: int, figures: Record) -> None:
        from mlflow.entities import Metric

        now = round(time.time() * 1000)  # ms
        self._log.log_batch(self.run, [Metric(name, float(value), now, step) for name, value in figures.items()])
