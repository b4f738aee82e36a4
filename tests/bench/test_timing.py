"""How steps are timed: in processes that take turns. No figure is held to a limit."""

import subprocess
import sys

import pytest

from backhand.bench import timing, worker
from backhand.bench.measure import Measurement, measure, save_inputs
from backhand.bench.process import BACKHAND, Program, Steps, Worker, environment
from backhand.bench.startup import import_seconds
from backhand.bench.table import Row, format_figure, make_table
from backhand.bench.timing import Spread, steps_per_block, time_in_turn
from backhand.bench.workloads import WORKLOADS
from backhand.errors import BackhandError


class Recorder:
    """In place of a process: every step takes so many milliseconds, and the calls of all are kept in one list."""

    def __init__(self, name, ms, calls):
        self.name, self.ms, self.calls = name, ms, calls

    def steps(self, count):
        self.calls.append((self.name, count))
        return Steps([self.ms] * count, [0.0] * count, None)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return save_inputs(WORKLOADS["two_layer"], tmp_path_factory.mktemp("bench"))


def test_rounds_are_interleaved_after_a_warm_up(monkeypatch):
    monkeypatch.setattr(timing, "PAUSE", 0)
    calls = []
    medians = time_in_turn({"a": Recorder("a", 100.0, calls), "b": Recorder("b", 1000.0, calls)}, 3)
    assert medians == {"a": [100.0] * 3, "b": [1000.0] * 3}
    assert calls[-6:] == [("a", 3), ("b", 1)] * 3
    warm = sum(count * {"a": 100, "b": 1000}[name] for name, count in calls[:-6])
    assert warm >= 2 * timing.WARM_UP_MS


def test_blocks_hold_a_step_at_least_and_not_too_many():
    assert steps_per_block(5000.0) == 1
    assert steps_per_block(timing.BLOCK_MS / 7) == 7
    assert steps_per_block(1e-6) == timing.MAX_STEPS


def test_a_spread_is_median_and_range():
    assert Spread.of([3.0, 1.0, 8.0]) == Spread(3.0, 1.0, 8.0)


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


def test_imports_are_timed_where_there_is_something_to_import():
    assert import_seconds("backhand") > 0
    assert import_seconds("backhand.no_such_module") is None


def test_the_table_says_what_was_measured():
    measured = Measurement(0.1, 9.5, [2.0, 1.0, 4.0], None, "some BLAS")
    row = Row(WORKLOADS["two_layer"], 0.4, measured)
    assert row.cells(400.0) == ["400", "0.400", "2.00", "1.00 to 4.00", "200", "50%", "9.50", "-"]
    assert row.cells(None)[5] == "-"
    assert [column.header for column in make_table([row], None).columns][:2] == ["workload", "batch"]
    assert [format_figure(value) for value in (None, 0.123, 12.34, 1234.5)] == ["-", "0.12", "12.3", "1,234"]


def test_all_of_a_workload_is_measured(inputs, monkeypatch):
    monkeypatch.setattr(timing, "WARM_UP_MS", 1.0)
    monkeypatch.setattr(timing, "BLOCK_MS", 1.0)
    found = measure([BACKHAND], inputs, 2)[BACKHAND.name]
    assert len(found.rounds) == 2
    assert found.ms.low <= found.ms.median <= found.ms.high
    assert min(found.import_seconds, found.first_ms) > 0


def test_the_command_prints_a_row_per_workload(cli, monkeypatch):
    monkeypatch.setattr(timing, "WARM_UP_MS", 1.0)
    status, output = cli("bench", "--only", "two_layer", "--rounds", "1")
    assert status == 0
    assert "two_layer 400 0.395" in output
    assert "import: backhand" in output
    status, output = cli("bench", "--only", "three_layer")
    assert (status, output[:37]) == (2, 'error: unknown workload "three_layer"')
