"""The `log` table: where the course of a run is written besides its own files."""

from pydantic import Field, NonNegativeInt, model_validator

from backhand.study.table import Address, Table


class MLflowTable(Table):
    """A run of an experiment of MLflow."""

    experiment: str = "backhand"
    name: str | None = None  # of the run; absent: the name of the study
    uri: Address | None = None  # of the tracking server; absent: MLFLOW_TRACKING_URI, or one in the current folder


class WandbTable(Table):
    """A run of a project of Weights & Biases."""

    project: str = "backhand"
    name: str | None = None  # of the run; absent: the name of the study
    offline: bool = False  # write into the run's folder alone; `wandb sync` uploads it later


class LogTable(Table):
    """The logs of a run. They do not change its results, so a resumed run may have others."""

    csv: bool = False  # a row per epoch, in log.csv
    tensorboard: bool = False  # event files, in the folder tensorboard
    mlflow: MLflowTable | None = None
    wandb: WandbTable | None = None
    every_steps: NonNegativeInt = Field(0)  # also log the figures of every so many steps; 0: of none

    @model_validator(mode="after")
    def _steps_need_a_log(self) -> "LogTable":
        if self.every_steps and not (self.csv or self.tensorboard or self.mlflow is not None or self.wandb is not None):
            raise ValueError("every_steps needs a log to write to; set csv = true in this table, or name another log")
        return self
