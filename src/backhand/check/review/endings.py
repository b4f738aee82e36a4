"""How the process that ran a person's file ended, in one sentence that says what to do."""

import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$', re.MULTILINE)
LAST_LINE = re.compile(r"^(?P<error>[\w.]+)(: (?P<text>.*))?$")
TIMEOUT = "Timeout ("  # how faulthandler begins where the time is up
MEMORY_ADVICE = "use smaller arrays at the top of the file, or allow more with --memory"


@dataclass(frozen=True)
class Ending:
    """How a process ended: by itself with a status, negative for a signal, or because it used too much."""

    status: int = 0
    out_of_time: bool = False
    out_of_memory: bool = False


def sentence(ending: Ending, trace: str, target: Path, seconds: float, memory: int, *, in_memory: bool = False) -> str:
    """Why there is no whole review.

    trace: what `faulthandler` wrote, or the traceback of an exception.   in_memory: whether Python itself said that
    there was no more memory.
    """
    where = _innermost(trace, target)
    if ending.out_of_memory or in_memory or _last_error(trace)[0] == "MemoryError":
        return (
            f"The check was ended because the file needs more than {memory / 2**30:g} GiB of memory; {MEMORY_ADVICE}."
        )
    if ending.out_of_time or trace.startswith(TIMEOUT):
        running = f" in {where}" if where else ""
        return (
            f"The check was ended{running} after {seconds:g} seconds, its limit; look for a loop that does not end, or "
            "allow more with --timeout."
        )
    if ending.status < 0:
        return _by_signal(-ending.status, where)
    error, text = _last_error(trace)
    if error and error != "SystemExit":
        said = f"{error}: {text}" if text else error
        return f"The check itself failed ({said}); please report this, with the file."
    status = text if error else ending.status
    return (
        f"The file ended the process of the check, with status {status}; put its call of `exit` or `os._exit` "
        'under `if __name__ == "__main__":`.'
    )


def _by_signal(number: int, where: str) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if name == "SIGKILL":
        return f"The system ended the process of the check (SIGKILL), most likely for its memory; {MEMORY_ADVICE}."
    running = f" in {where}" if where else ""
    return (
        f"The file crashed the process of the check{running} ({name}), which only compiled code can do; look at what "
        "it calls there, such as ctypes or an extension module."
    )


def _innermost(trace: str, target: Path) -> str:
    """The line of the person's code at which the process was: "`forward`, line 12"; "" where that is not known."""
    folder = (target if target.is_dir() else target.parent).resolve()
    for frame in FRAME.finditer(trace):  # the innermost comes first
        file = Path(frame["file"])
        if file.is_relative_to(folder) and not file.is_relative_to(sys.prefix) and file.suffix != ".ipynb":
            name = "" if frame["function"] == "<module>" else f"`{frame['function']}`, "
            beside = "" if file == target.resolve() else f"{file.relative_to(folder).as_posix()}, "
            return f"{name}{beside}line {frame['line']}"
    return ""


def _last_error(trace: str) -> tuple[str, str]:
    """The exception with which a traceback ends, and its text; empty for what is no traceback."""
    if "Traceback (most recent call last)" not in trace:
        return "", ""
    match = LAST_LINE.match(trace.strip().splitlines()[-1])
    return (match["error"], match["text"] or "") if match else ("", "")
