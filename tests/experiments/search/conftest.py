"""Storages of every kind, each real: a file, a journal, a server of PostgreSQL, and Optuna's gRPC server."""

import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.postgresql import running_server

SERVE = """
import sys
import warnings
import optuna
warnings.simplefilter("ignore")
storage = optuna.storages.get_storage(sys.argv[1])
optuna.storages.run_grpc_proxy_server(storage, host="127.0.0.1", port=int(sys.argv[2]))
"""


@pytest.fixture(scope="session")
def postgresql():
    """A server of PostgreSQL, one per process of the tests."""
    with running_server() as server:
        yield server


def free_port():
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def grpc_server(database, port):
    """Optuna's gRPC server for a database, in a process of its own."""
    command = [sys.executable, "-c", SERVE, database, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def grpc_server_here(database):
    """Optuna's gRPC server for a database, in threads of this process, which takes less time to start."""
    from optuna.storages import get_storage
    from optuna.storages._grpc.server import make_server

    storage, port = get_storage(database), free_port()
    server = make_server(storage, "127.0.0.1", port)
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
        storage._backend.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "journal", "grpc"])
def url(request, tmp_path):
    """The address of a storage that is empty."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shared.db'}"
    elif request.param == "journal":
        yield f"journal:{tmp_path / 'shared.journal'}"
    elif request.param == "grpc":
        pytest.importorskip("grpc", reason="the extra grpc is not installed")
        with grpc_server_here(f"sqlite:///{tmp_path / 'served.db'}") as address:
            yield address
    else:
        server = request.getfixturevalue("postgresql")
        yield server.url(server.new_database())
