"""A log for TensorBoard: event files, written by the package itself, without TensorFlow or PyTorch."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backhand.arrays import Array
from backhand.extras import TENSORBOARD
from backhand.files.paths import PathLike, as_path
from backhand.loggers.base import Logger
from backhand.loggers.settings import plain
from backhand.training.history import SPLITS, Record
from backhand.training.solver import Solver

SECONDS = 10  # between two writes of the figures of steps


@dataclass(eq=False)
class TensorBoardLogger(Logger):
    """Writes the figures as event files into a folder, which `tensorboard --logdir FOLDER` shows.

    The curves of a figure have a common beginning, such as loss/train and loss/validation, with the number of the step
    below them; those of steps begin with step/, and the final ones with final/. The settings are on the page HPARAMS. A
    training that goes on, or begins anew in the same folder, takes the place of what was logged after its step.
    Raises MissingExtraError without the package tensorboard.

    folder: is made where it is missing.
    """

    folder: PathLike

    def __post_init__(self) -> None:
        super().__post_init__()
        TENSORBOARD.require("a log for TensorBoard")
        self._folder = as_path(self.folder)
        self._latest: tuple[int, Record] | None = None  # the latest step that was logged, and its figures

    def reset(self) -> None:
        """Forget the steps of an earlier training."""
        self._latest = None

    def begin(self, solver: Solver, settings: Mapping[str, Any]) -> None:
        """Open a new event file, whose first event lets TensorBoard forget the later steps of earlier files."""
        from tensorboard.compat.proto.event_pb2 import SessionLog
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._folder.mkdir(parents=True, exist_ok=True)
        while any(self._folder.glob(f"events.out.tfevents.{int(time.time()):010d}.*")):
            time.sleep(0.05)  # files are read in the order of their names, which tell seconds
        self._log = EventFileWriter(str(self._folder), flush_secs=SECONDS)
        amid = solver.epoch_totals is not None  # whose end may have been logged at this very step
        first = solver.step if amid or not solver.step else solver.step + 1
        self._add(first, session_log=SessionLog(status=SessionLog.START))
        if not solver.step:
            self._add(0, summary=hparams_pb(plain(settings)))
        if self._latest and self._latest[0] == first:
            self.log_step(*self._latest)
        self._log.flush()

    def log_step(self, step: int, figures: Record) -> None:
        """Add the figures of a step."""
        self._latest = step, figures
        self._add_figures(step, {f"step/{name}": value for name, value in figures.items()})

    def log_epoch(self, record: Record) -> None:
        """Add the record of an epoch at its last step."""
        figures = {tag(key): value for key, value in record.items() if key not in ("epoch", "step")}
        self._add_figures(int(record["step"]), {"epoch": record["epoch"]} | figures)
        self._log.flush()

    def log_final(self, step: int, figures: Record) -> None:
        """Add final figures."""
        self._add_figures(step, {f"final/{name}": value for name, value in figures.items()})

    def end(self, *, failed: bool) -> None:
        """Say on the page HPARAMS how the training ended, and close the file."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import metadata
        from tensorboard.plugins.hparams.api_pb2 import Status
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

        status = Status.STATUS_FAILURE if failed else Status.STATUS_SUCCESS
        ending = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=time.time()))
        shown = metadata.create_summary_metadata(ending)
        self._add(0, summary=Summary(value=[Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=shown)]))
        self._log.close()

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """No arrays, and the latest step that was logged."""
        return {}, {"latest": self._latest}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over the latest step that was logged."""
        self._latest = None if facts["latest"] is None else (facts["latest"][0], facts["latest"][1])

    def _add_figures(self, step: int, figures: Record) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
        self._add(step, summary=Summary(value=values))

    def _add(self, step: int, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._log.add_event(Event(wall_time=time.time(), step=step, **content))


def tag(key: str) -> str:
    """The name of a curve: of "train_loss" it is "loss/train", so that all splits of a figure are shown together."""
    split, _, figure = key.partition("_")
    return f"{figure}/{split}" if split in SPLITS else key
