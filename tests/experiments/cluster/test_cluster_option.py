"""What `--cluster` refuses, in one sentence, with status 2, and with nothing written."""

import socket

import pytest

from tests.experiments import studytexts


@pytest.fixture
def series(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.toml").write_text(studytexts.series('study = "digits"'))
    return tmp_path


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("here", "--cluster here is no address of a cluster; give that of a Dask scheduler"),
        ("foo://127.0.0.1:1", "--cluster foo://127.0.0.1:1 is no address of a Dask scheduler: unknown address scheme"),
        ("tcp://127.0.0.1", "is no address of a Dask scheduler: missing port number"),
        ("mpi", "start the command as `mpiexec -n 4 backhand ...`"),
    ],
)
def test_what_is_no_address(address, sentence, series, cli):
    if "://" in address:
        pytest.importorskip("distributed", reason="needs Dask")
    elif address == "mpi":
        pytest.importorskip("mpi4py", reason="needs mpi4py")
    status, output = cli("run", "few.toml", "--cluster", address, "--out", "new")
    assert (status, sentence in output, "Traceback" in output) == (2, True, False), output
    assert not (series / "new").exists()


def test_a_cluster_that_does_not_answer(series, cli, monkeypatch):
    pytest.importorskip("distributed", reason="needs Dask")
    monkeypatch.setattr("backhand.experiments.cluster.dask.TIMEOUT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        status, output = cli("run", "few.toml", "--cluster", address, "--out", "new")
    assert (status, f"no Dask scheduler answers at {address}; start it by" in output) == (2, True), output
    assert not (series / "new").exists()


def test_a_single_training_has_no_cluster(series, cli):
    status, output = cli("run", "digits", "--cluster", "tcp://127.0.0.1:1", "--out", "new")
    assert (status, "--cluster shares out the work" in output, "a single training" in output) == (2, True, True)
    assert not (series / "new").exists()


@pytest.mark.parametrize("command", [("run", "few.toml"), ("ask", "dropout"), ("compare", "digits")])
def test_a_cluster_or_processes(command, series, cli):
    status, output = cli(*command, "--cluster", "mpi", "--workers", 2, "--out", "new")
    assert (status, "give one of the two" in output) == (2, True)
    assert not (series / "new").exists()
