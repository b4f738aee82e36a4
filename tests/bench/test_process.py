"""Programs that take steps in a process of their own: what they answer, what they inherit, how they end."""

import subprocess
import sys

import pytest

from backhand.bench import worker
from backhand.bench.process import BACKHAND, Program, Worker, environment
from backhand.errors import BackhandError


def test_a_worker_takes_steps_that_train(inputs):
    with Worker(BACKHAND, inputs) as trained:
        first, second = trained.steps(1), trained.steps(3)
    assert (len(first.ms), len(second.ms)) == (1, 3)
    losses = first.losses + second.losses
    assert losses == sorted(losses, reverse=True)
    assert min(first.ms + second.ms) > 0
    assert second.peak_mib is None or second.peak_mib >= first.peak_mib > 10
    assert trained.process.returncode == 0


def test_a_program_that_dies_is_reported_in_a_sentence(inputs, tmp_path, capfd):
    (tmp_path / "broken.py").write_text("def make_step(inputs):\n    return lambda: 1 / 0\n")
    with Worker(Program("mine", "broken", tmp_path), inputs) as dying, pytest.raises(BackhandError, match="mine end"):
        dying.steps(1)
    assert "ZeroDivisionError" in capfd.readouterr().err
    with pytest.raises(BackhandError, match="absent ended"):
        Worker(Program("absent", "no_such_program"), inputs)


def test_what_a_library_prints_is_no_answer(inputs, tmp_path):
    (tmp_path / "chatty.py").write_text("def make_step(inputs):\n    return lambda: print('hello') or 0.5\n")
    with Worker(Program("chatty", "chatty", tmp_path), inputs) as chatty:
        assert chatty.steps(2).losses == [0.5, 0.5]


def test_overrides_of_openblas_reach_no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("PYTHONPATH", "before")
    variables = environment(Program("x", "x", tmp_path), tmp_path / "cache")
    assert not [name for name in variables if name.startswith("OPENBLAS_")]
    assert variables["PYTHONPATH"].startswith(str(tmp_path))
    assert variables["PYTHONPATH"].endswith("before")
    assert variables["BACKHAND_CACHE"] == str(tmp_path / "cache")
    assert environment(BACKHAND, None).get("BACKHAND_CACHE") != str(tmp_path / "cache")


def test_memory_is_that_of_the_process_itself(monkeypatch, tmp_path):
    large = "bytearray(300_000_000)"
    script = f"import subprocess, sys; {large}; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    child = "from backhand.bench.worker import resident_mib; print(resident_mib())"
    done = subprocess.run([sys.executable, "-c", script, child], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None" or float(done.stdout) < 150
    (tmp_path / "status").write_text("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n")
    monkeypatch.setattr(worker, "STATUS", tmp_path / "status")
    assert (worker.resident_mib(), worker.resident_mib("VmRSS")) == (2.0, 1.0)
    monkeypatch.setattr(worker, "STATUS", tmp_path / "nowhere")
    assert worker.resident_mib() is None
