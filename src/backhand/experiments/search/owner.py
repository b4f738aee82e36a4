"""The process that trains a trial, as the trial says it, and the rhythm in which processes watch each other."""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from backhand import backend
from backhand.machine import cores, cpu


@dataclass(frozen=True)
class Pace:
    """How often processes that share a search act, in seconds.

    beat: between two heartbeats.   dead: for which a heartbeat stands still before its process counts as dead.
    poll: between two queries for the trials of others.   patience: for which a storage that does not answer is waited
    for.
    """

    beat: float = 10.0
    dead: float = 60.0
    poll: float = 1.0
    patience: float = 600.0


@dataclass(frozen=True)
class Access:
    """How a search reaches a storage that hosts share: its address, which may hold a password, and the rhythm."""

    url: str = field(repr=False)
    pace: Pace = Pace()


def access(url: "str | Access | None") -> Access | None:
    """Return the access with the usual rhythm where only an address is given."""
    return Access(url) if isinstance(url, str) else url


@dataclass(frozen=True)
class Owner:
    """A process of a search.   run: the run of the program that it belongs to, whose workers share it."""

    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    cpu: str = field(default_factory=cpu)
    threads: int = field(default_factory=lambda: backend.threads() or cores())

    def as_json(self) -> dict[str, Any]:
        """Return the owner as an attribute of a trial holds it."""
        return asdict(self)

    @classmethod
    def of(cls, attribute: Any) -> "Owner | None":
        """Return the owner that an attribute describes; None where it describes none."""
        if not isinstance(attribute, Mapping):
            return None
        kinds = {"run": str, "host": str, "pid": int, "cpu": str, "threads": int}
        known: dict[str, Any] = {name: attribute.get(name) for name in kinds}
        return cls(**known) if all(isinstance(known[name], kind) for name, kind in kinds.items()) else None


@dataclass
class Heart:
    """Calls a function again and again in a thread while its context lasts."""

    beat: Callable[[], None]
    seconds: float
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self.seconds):
            self.beat()
