"""Units of work: in this process, in several, by an executor of one's own; and what ends them."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from backhand import backend
from backhand.errors import BackhandError
from backhand.experiments.units import Serial, latest, results


def square(number: int) -> int:
    return number * number


def where() -> int:
    return os.getpid()


def chosen_engine() -> tuple[str, int | None]:
    return backend.chosen(), backend.threads()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise BackhandError("this unit cannot be done")


UNITS = [(number, partial(square, number)) for number in range(7)]


@pytest.mark.parametrize("workers", [1, 3])
def test_every_unit_has_its_result(workers):
    assert dict(results(UNITS, workers)) == {number: number * number for number in range(7)}


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor, Serial])
def test_an_executor_of_ones_own_is_used_and_left_open(kind):
    with kind() as executor:
        assert dict(results(UNITS, executor)) == {number: number * number for number in range(7)}
        assert executor.submit(square, 3).result() == 9


def test_alone_each_unit_is_done_before_the_next_is_drawn():
    said = []

    def drawn():
        for number in range(3):
            said.append(f"drawn {number}")
            yield number, partial(said.append, f"done {number}")

    for number, _ in results(drawn(), 1):
        said.append(f"had {number}")
    assert said == [f"{what} {number}" for number in range(3) for what in ("drawn", "done", "had")]


def test_no_more_units_are_drawn_than_workers_are_free():
    drawn = []

    def units():
        for number in range(6):
            drawn.append(number)
            yield number, partial(square, number)

    coming = results(units(), 2)
    next(coming)
    assert len(drawn) <= 4
    list(coming)
    assert drawn == list(range(6))


def test_workers_are_other_processes_and_share_out_the_threads(all_cores, engine):
    found = {process for _, process in results([(number, where) for number in range(4)], 2)}
    assert os.getpid() not in found
    backend.use("cpu")
    threads = backend.threads()
    ((_, own),) = results([(0, chosen_engine)], 2)
    assert own == (backend.chosen(), None if threads is None else max(1, threads // 2))
    assert backend.threads() == threads


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_unit_raises_is_raised(workers):
    with pytest.raises(BackhandError, match="this unit cannot be done"):
        list(results([(0, refuse)], workers))


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_worker_that_is_killed_is_said_in_a_sentence():
    with pytest.raises(BackhandError, match=r"a worker ended before its work was done; .* fewer --workers"):
        list(results([(0, die)], 2))


PARENT = """
import signal, sys
from functools import partial
from pathlib import Path
from backhand.experiments.units import results
from tests.experiments.test_units import sleep
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the jobs of a shell in its background ignore
    list(results([(0, partial(sleep, sys.argv[1])), (1, partial(sleep, sys.argv[2]))], 2))
"""


def sleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(120)


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_process_that_handed_out_their_work(tmp_path, how):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    files = [tmp_path / name for name in ("one", "two")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, str(script), *files], env=environment, stderr=subprocess.DEVNULL)
    try:
        workers = [started(file, process) for file in files]
    finally:
        process.send_signal(how)
        process.wait(30)
    deadline = time.monotonic() + 30
    while any(map(alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def started(file: Path, parent: subprocess.Popen) -> int:
    """The worker that has written its number into the file."""
    deadline = time.monotonic() + 60
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        assert parent.poll() is None
        time.sleep(0.01)
    return int(file.read_text())


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or " Z " not in state.read_text()  # a dead one that nobody has waited for yet


def test_the_latest_result_is_kept_for_an_equal_call_and_forgotten_at_the_end():
    calls = []

    @latest(lambda number, **_: number % 2)
    def load(number: int, *, more: int = 0) -> int:
        calls.append((number, more))
        return number

    assert [load(1), load(3, more=5), load(2), load(1)] == [1, 1, 2, 1]
    assert calls == [(1, 0), (2, 0), (1, 0)]
    list(results([(0, partial(load, 1))], 1))
    load(1)
    assert calls[-1] == (1, 0)
    assert len(calls) == 4
