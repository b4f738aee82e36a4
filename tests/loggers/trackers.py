"""Modules that take the place of MLflow and Weights & Biases, and keep what they are told."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class MlflowException(Exception):  # noqa: N818, its name there
    pass


class Server:
    """A tracking server in memory, of which `MlflowClient` is a client."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, SimpleNamespace] = {}
        self.uris: list[str | None] = []
        self.broken = False

    def client(self, uri: str | None = None) -> "Server":
        self.uris.append(uri)
        return self

    def get_experiment_by_name(self, name: str) -> Any:
        if self.broken:
            raise MlflowException("no answer from the server")
        known = self.experiments.get(name)
        return None if known is None else SimpleNamespace(experiment_id=known)

    def create_experiment(self, name: str) -> str:
        return self.experiments.setdefault(name, f"e{len(self.experiments)}")

    def create_run(self, experiment_id: str, run_name: str | None) -> Any:
        run = SimpleNamespace(experiment=experiment_id, name=run_name, params={}, metrics=[], status=["RUNNING"])
        self.runs[f"r{len(self.runs)}"] = run
        return SimpleNamespace(info=SimpleNamespace(run_id=f"r{len(self.runs) - 1}"))

    def update_run(self, run: str, status: str) -> None:
        self.runs[run].status.append(status)

    def set_terminated(self, run: str, status: str) -> None:
        self.runs[run].status.append(status)

    def get_run(self, run: str) -> Any:
        latest = {key: value for key, value, _ in sorted(self.runs[run].metrics, key=lambda metric: metric[2])}
        return SimpleNamespace(data=SimpleNamespace(metrics=latest, params=dict(self.runs[run].params)))

    def log_batch(self, run: str, metrics: Any = (), params: Any = ()) -> None:
        if self.broken:
            raise MlflowException("no answer from the server")
        assert len(params) <= 100
        assert not self.runs[run].params.keys() & dict(params).keys(), "a setting of a run cannot change"
        self.runs[run].params |= dict(params)
        self.runs[run].metrics += [(key, value, step) for key, value, _, step in metrics]


def install_mlflow(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A new server, and the modules of MLflow that speak to it, until the end of the test."""
    server = Server()
    for name, module in _mlflow(server).items():
        monkeypatch.setitem(sys.modules, name, module)
    return server


def _mlflow(server: Server) -> dict[str, ModuleType]:
    names = ("mlflow", "mlflow.tracking", "mlflow.exceptions", "mlflow.entities", "sqlalchemy", "alembic")
    modules = {name: ModuleType(name) for name in names}
    modules["mlflow.tracking"].MlflowClient = server.client  # type: ignore[attr-defined]
    modules["mlflow.exceptions"].MlflowException = MlflowException  # type: ignore[attr-defined]
    modules["mlflow.entities"].Metric = lambda *values: values  # type: ignore[attr-defined]
    modules["mlflow.entities"].Param = lambda *values: values  # type: ignore[attr-defined]
    return modules


class Wandb(ModuleType):
    """The module wandb; `runs` are those that were begun, in order, and a run that goes on is a run of its own."""

    class Error(Exception):
        pass

    def __init__(self, *, online: bool = False) -> None:
        super().__init__("wandb")
        self.runs: list[SimpleNamespace] = []
        self.broken = ""

    def Settings(self, **options: Any) -> dict[str, Any]:  # noqa: N802
        return options

    def init(self, **options: Any) -> SimpleNamespace:
        if self.broken:
            raise self.Error(self.broken)
        known = [run for run in self.runs if run.id == options["id"] and options["mode"] == "online"]
        last = max((step for run in known for step, _ in run.logged), default=-1)
        run = SimpleNamespace(id=options["id"] or f"w{len(self.runs)}", options=options, starting_step=last + 1)
        run.logged, run.summary, run.ended = [], {}, []
        run.log = lambda figures, step: run.logged.append((step, figures))
        run.finish = lambda exit_code: run.ended.append(exit_code)
        self.runs.append(run)
        return run
