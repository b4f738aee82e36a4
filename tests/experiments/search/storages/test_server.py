"""Storages behind Optuna's gRPC server: one that is not there, one that goes and comes back, one that is none."""

import threading
from concurrent.futures import ThreadPoolExecutor

import optuna
import pytest

from backhand.errors import BackhandError
from backhand.experiments.search.storages import connect as connecting
from backhand.experiments.search.storages import server
from backhand.experiments.search.storages.address import parse
from backhand.experiments.search.storages.connect import connect
from backhand.experiments.search.storages.errors import NoAnswerError
from tests.experiments.search.conftest import free_port, grpc_server

grpc = pytest.importorskip("grpc", reason="the extra grpc is not installed")
UP = [optuna.study.StudyDirection.MAXIMIZE]


def test_a_server_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(server, "READY", 0.5)
    monkeypatch.setattr(connecting, "OPENING", 0.5)
    address = parse(f"grpc://127.0.0.1:{free_port()}")
    with pytest.raises(NoAnswerError, match=r"grpc://127.* does not answer \(no connection within"):
        connect(address, lambda _: None, patience=0.0).__enter__()


def test_a_server_that_goes_and_comes_back_is_waited_for(tmp_path):
    database, port, said = f"sqlite:///{tmp_path / 'served.db'}", free_port(), []
    with grpc_server(database, port) as address:
        opened = connect(parse(address), said.append, patience=60.0)
        storage = opened.__enter__()
        study = storage.create_new_study(UP, "small")
    started = []
    timer = threading.Timer(0.5, lambda: started.append(grpc_server(database, port)) or started[0].__enter__())
    timer.start()
    template = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, user_attrs={"claim": "a"})
    storage.create_new_trial(study, template)
    assert storage.get_n_trials(study) == 1
    assert ["does not answer" in said[0], "answers again" in said[1]] == [True, True]
    opened.__exit__(None, None, None)
    timer.join()
    started[0].__exit__(None, None, None)


def test_a_server_that_accepts_and_never_answers_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(server, "ANSWER", 0.3)
    release = threading.Event()

    class Silent(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: release.wait(30) and b"")

    silent = grpc.server(ThreadPoolExecutor(2), handlers=[Silent()])
    port = silent.add_insecure_port("127.0.0.1:0")
    silent.start()
    with (
        connect(parse(f"grpc://127.0.0.1:{port}"), lambda _: None, patience=0.0) as storage,
        pytest.raises(NoAnswerError, match="Deadline"),
    ):
        storage.get_all_studies()
    release.set()
    silent.stop(None).wait()


def test_a_server_of_something_else_is_refused():
    other = grpc.server(ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    with (
        connect(parse(f"grpc://127.0.0.1:{port}"), lambda _: None, patience=0.0) as storage,
        pytest.raises(BackhandError, match="the server there is no storage of Optuna"),
    ):
        storage.get_all_studies()
    other.stop(None).wait()
