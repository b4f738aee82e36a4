"""Whatever a person's file does, its review ends within the limits, and what was finished is kept."""

import os
import shutil
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from backhand.check.review import process
from backhand.check.review.process import GIB, Limits, resident_size, review_target
from backhand.machine import POSIX
from tests.check.review.examples import RELU

ROOT = Path(__file__).parents[3]
LINUX = sys.platform == "linux"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Review a file of this text with the worker that only runs it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    file = tmp_path / "layers.py"

    def call(text, **limits):
        file.write_text(text, "utf-8")
        return review_target(str(file), Limits(**limits), worker="tests.check.review.stub_worker")

    return call


def test_what_the_file_prints_and_closes_disturbs_nothing(run):
    started = time.monotonic()
    done = run(
        "import os, sys, threading, time\n"
        "for _ in range(2000): print('x' * 10_000)\n"
        "os.write(2, b'noise')\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"  # not a daemon
        "os.closerange(3, 50)\n"
        "if hasattr(os, 'fork'): os.fork()\n"
    )
    assert [unit.name for unit in done.units] == ["relu", "conv"]
    assert not done.failure
    assert time.monotonic() - started < 20


def test_an_endless_loop_ends_with_its_line_and_what_was_finished(run):
    done = run("def forward():\n    while True:\n        x = 1\nforward()\n", seconds=1)
    assert done.units == (RELU,)
    assert done.failure.startswith("The check was ended in `forward`, line ")
    assert "after 1 seconds, its limit; look for a loop" in done.failure
    assert not done.passed


@pytest.mark.parametrize(
    ("text", "status"),
    [("import os\nos._exit(3)\n", "status 3"), ("import sys\nsys.exit(4)\n", "status 4"), ("exit()\n", "status None")],
)
def test_a_file_that_ends_the_process(run, text, status):
    done = run(text)
    assert done.units == (RELU,)
    assert f"The file ended the process of the check, with {status}; put its call" in done.failure


@pytest.mark.skipif(not POSIX, reason="Windows raises an exception instead")
def test_a_crash_of_compiled_code(run):
    done = run("import ctypes\ndef forward():\n    ctypes.string_at(0)\nforward()\n")
    assert done.units == (RELU,)
    assert "crashed the process of the check in `forward`, line 3 (SIGSEGV)" in done.failure


@pytest.mark.skipif(not LINUX, reason="no other system limits the data of a process")
def test_memory_is_limited(run):
    done = run("x = b'1' * (2 << 30)\n", memory=GIB)
    assert done.failure.startswith("The check was ended because the file needs more than 1 GiB of memory; use smaller")


@pytest.mark.skipif(not POSIX, reason="Windows does not say it without more")
def test_the_size_of_a_process_is_known():
    assert 10**6 < resident_size(os.getpid()) < 10**11
    assert resident_size(2**22 + 1) is None


@pytest.mark.skipif(not POSIX or shutil.which("ps") is None, reason="there is no ps")
def test_without_proc_the_size_is_that_of_ps(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert 10**6 < resident_size(os.getpid()) < 10**11
    assert resident_size(2**22 + 1) is None


def test_a_process_that_grows_beyond_its_limit_is_ended(run, monkeypatch):
    monkeypatch.setattr(process, "resident_size", lambda process_id: 2 * GIB)
    assert "needs more than 1 GiB of memory" in run("while True: pass\n", memory=GIB).failure


@pytest.mark.skipif(not POSIX, reason="signals")
def test_processes_that_the_file_leaves_behind_are_ended(run, tmp_path):
    child = tmp_path / "child"
    done = run(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\n"
    )
    assert not done.failure
    end = time.monotonic() + 5
    while is_running(int(child.read_text())) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_running(int(child.read_text()))


def is_running(process_id):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    status = Path(f"/proc/{process_id}/stat")
    try:
        os.kill(process_id, 0)
        return not (LINUX and status.read_text().rpartition(")")[2].split()[0] == "Z")
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_there_is_no_network_but_processes_can_talk(run):
    assert not run(
        "import socket\n"
        "for call in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: socket.getaddrinfo('x.org', 80),\n"
        "             lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))):\n"
        "    try:\n"
        "        call()\n"
        "    except OSError as error:\n"
        "        assert 'without a network' in str(error), error\n"
        "    else:\n"
        "        raise AssertionError\n"
        "if hasattr(socket, 'AF_UNIX'):\n"
        "    first, second = socket.socketpair()\n"
        "    first.sendall(b'x')\n"
        "    assert second.recv(1) == b'x'\n"
    ).failure


def test_a_refusal_and_a_mistake_of_our_own(run):
    assert run("refused = 'layers.py is no text'\n").failure == "layers.py is no text"
    assert run("raise ValueError('odd')\n").failure == (
        "The check itself failed (ValueError: odd); please report this, with the file."
    )


def test_a_review_can_be_stopped(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    file = tmp_path / "layers.py"
    file.write_text("while True: pass\n")
    stop = Event()
    stop.set()
    started = time.monotonic()
    done = review_target(str(file), stop=stop, worker="tests.check.review.stub_worker")
    assert done.failure
    assert time.monotonic() - started < 5


def test_what_cannot_be_a_program_is_refused_at_once(tmp_path):
    for name, content, words in (
        ("empty.py", " \n", "is empty; save your layers in it first"),
        ("data.csv", "1,2\n", "is neither a Python file nor a notebook"),
        ("missing.py", None, "; check the name"),
        ("no module", None, "; check the name"),
    ):
        if content is not None:
            (tmp_path / name).write_text(content)
        assert words in review_target(str(tmp_path / name)).failure
