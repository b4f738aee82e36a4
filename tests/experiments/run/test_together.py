"""`mpiexec -n N backhand run STUDY`: one folder, one result, whatever happens to a rank."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.data import datafiles
from tests.training.parallel.mpi import MPIEXEC, ROOT, available, mpiexec

RUN = "-m", "backhand", "run"
WITHOUT_REPORT = "-m", "tests.experiments.run.rankedrun"
SHORT = "digits", "--set", "train.epochs=3"
LONG = "train.epochs=500", "train.save_every=0.05"


@pytest.fixture(autouse=True)
def mpi():
    available()


def history(folder):
    file = folder / "history.jsonl"  # which a training of less than an epoch has not begun
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line)["train_loss"] for line in lines]


def test_two_ranks_write_what_one_process_writes(tmp_path):
    done = [mpiexec(ranks, *RUN, *SHORT, "--out", tmp_path / str(ranks)) for ranks in (1, 2)]
    assert [each.returncode for each in done] == [0, 0], done[1].stderr
    one, two = ({path.name for path in (tmp_path / name).iterdir()} for name in "12")
    assert one == two
    assert history(tmp_path / "1") == pytest.approx(history(tmp_path / "2"), rel=1e-5)
    assert done[1].stdout.count("test accuracy") == 1  # rank 0 alone prints
    environment = json.loads((tmp_path / "2" / "environment.json").read_text("utf-8"))
    assert environment["ranks"] == "2 ranks of MPI"


@pytest.fixture
def begun(tmp_path):
    """A training of two ranks that has saved a state, and its folder."""
    folder = tmp_path / "run"
    words = [MPIEXEC, "-n", "2", sys.executable, *WITHOUT_REPORT, str(folder), *LONG]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for _ in range(1200):
            if (folder / "state.safetensors").exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        yield process, folder
        process.kill()


def ranks_of(process):
    """The processes of the ranks, which are the children of the child of mpiexec."""

    def children(parent):
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
        )
        return [int(word) for word in listed.stdout.split()]

    return [rank for proxy in children(process.pid) for rank in children(proxy)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the processes of Linux")
@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_rank_ends_the_job_and_another_number_of_ranks_goes_on(begun, lost):
    process, folder = begun
    os.kill(ranks_of(process)[lost], signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode != 0
    epochs = len(history(folder))
    done = mpiexec(3, *WITHOUT_REPORT, folder, f"train.epochs={epochs + 2}")
    assert done.returncode == 0, done.stderr
    assert "resumed" in done.stdout
    assert len(history(folder)) == epochs + 2
    assert "goes on with 3 ranks of MPI (before: 2 ranks of MPI)" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_saves_the_same_step_and_one_process_goes_on(begun):
    process, folder = begun
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = mpiexec(1, *WITHOUT_REPORT, folder, f"train.epochs={len(history(folder)) + 1}")
    assert done.returncode == 0, done.stderr
    assert "goes on with one process (before: 2 ranks of MPI)" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("digitz",), 'there is no study and no .toml file "digitz"'),
        (("digits", "--set", "train.batch_size=1"), "2 ranks need batches of 2 samples or more"),
        (("digits", "--set", "data.train_size=1.5"), "train_size"),
        (("r4-mnist-four-models",), "mpiexec has started 2 processes, which share the trainings with --cluster mpi"),
    ],
)
def test_what_cannot_be_trained_is_said_once(words, sentence, tmp_path):
    done = mpiexec(2, *RUN, *words, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_all_ranks_end_where_the_training_diverges(tmp_path):
    done = mpiexec(2, *WITHOUT_REPORT, tmp_path / "run", "train.optimizer.lr=1e12")
    assert done.returncode == 2
    assert done.stderr.count("error: the training diverged at step") == 1
    assert "Traceback" not in done.stderr


def two_programs(first, second, words):
    """Rank 0 and rank 1 with environment variables of their own, as on two hosts."""
    programs = [
        ["-n", "1", "env", *(f"{k}={v}" for k, v in each.items()), sys.executable, *RUN, *map(str, words)]
        for each in (first, second)
    ]
    call = [MPIEXEC, *programs[0], ":", *programs[1]]
    return subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)


def test_a_rank_with_another_version_is_refused_by_name(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import backhand\nbackhand.__version__ = '0.0.1'\n", "utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = two_programs({"A": "1"}, {"PYTHONPATH": path}, (*SHORT, "--out", tmp_path / "run"))
    assert done.returncode == 2
    assert "rank 1 on " in done.stderr
    assert "it has Backhand 0.0.1, and rank 0 has" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_rank_with_other_data_is_refused_by_name(tmp_path):
    for name in "ab":
        datafiles.in_folder(tmp_path / name / "mnist", datafiles.mnist_files())
    images = np.random.default_rng(8).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    other = gzip.compress(datafiles.idx(images))
    (tmp_path / "b" / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(other)
    words = (
        "mnist-mlp",
        "--set",
        "data.validation=10",
        "--set",
        "train.batch_size=5",
        "--set",
        "train.epochs=1",
        "--out",
        tmp_path / "run",
    )
    done = two_programs(*({"BACKHAND_DATA": str(tmp_path / name)} for name in "ab"), words)
    assert done.returncode == 2
    assert "rank 1 on " in done.stderr
    assert "has other samples than that of rank 0" in done.stderr
    assert not (tmp_path / "run").exists()
