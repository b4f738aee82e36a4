"""Which trials have begun, and whose they are: a table of our own beside Optuna's, which holds the budget.

A trial begins with a slot, 1 to the budget, that the database gives to one process alone; so however many processes on
however many hosts share a storage, no more trials begin than there are slots. While a trial is trained, its process
counts a heartbeat up. Who sees it stand still for `DEAD` seconds of their own clock, whatever other clocks say, takes
the slot over.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Table

BEAT, DEAD = 5.0, 60.0  # seconds between heartbeats, and for which one stands still that is taken for dead
CLAIM, REASON, INTERRUPTED = "claim", "reason", "interrupted"  # attributes of Optuna's trials, and one's value
GIVEN_UP = -1  # the heartbeat of a slot whose process said that it will not go on


@dataclass(frozen=True)
class Claim:
    """A slot, and the token that its trial carries; beat: how far its heartbeat had counted when it was read."""

    slot: int
    token: str
    beat: int = 0


@dataclass
class Claims:
    """The slots of one search in a storage. owner: the run of a program, with its workers, whose slots go together."""

    engine: "Engine"
    search: str
    owner: str
    held: set[str] = field(default_factory=set)
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def create(self) -> None:
        """The table, where it is not there yet; two that create it at once may meet, and then one tries again."""
        _table().metadata.create_all(self.engine)

    def claim(self, most: int | None) -> Claim | None:
        """A slot that nobody has had yet, of so many; None where there is none left."""
        token = uuid.uuid4().hex
        while True:
            taken = {row.slot for row in self._rows()}
            slot = next(slot for slot in count(1) if slot not in taken)
            if most is not None and slot > most:
                return None
            if self.insert(Claim(slot, token)):
                self.held.add(token)
                return Claim(slot, token)

    def insert(self, claim: Claim, *, done: bool = False) -> bool:
        """Enter a claim; False where another process has the slot, or has entered the token."""
        from sqlalchemy.exc import IntegrityError

        values = {"search": self.search, "slot": claim.slot, "token": claim.token, "owner": self.owner}
        try:
            with self.engine.begin() as connection:
                connection.execute(_table().insert().values(**values, beat=claim.beat, done=done))
        except IntegrityError:
            return False
        return True

    def holds(self, token: str) -> bool:
        """Whether the slot is still ours."""
        return any(row.token == token for row in self._rows())

    def finish(self, token: str) -> bool:
        """The slot is used for good. False where it had been taken over."""
        self.held.discard(token)
        return self._update(_table().c.token == token, done=True) == 1

    def dead(self) -> list[Claim]:
        """Slots whose processes gave up, or whose heartbeats this process has seen standing still."""
        now, rows = monotonic(), [row for row in self._open() if row.token not in self.held]
        seen = {row.token: self._seen.get(row.token, (row.beat, now)) for row in rows}
        self._seen = {row.token: seen[row.token] if seen[row.token][0] == row.beat else (row.beat, now) for row in rows}
        still = {token for token, (_, since) in self._seen.items() if now - since >= DEAD}
        return [Claim(row.slot, row.token, row.beat) for row in rows if row.beat == GIVEN_UP or row.token in still]

    def retake(self, dead: Claim) -> Claim | None:
        """The slot for a trial of ours, unless its process lives after all or another was faster."""
        token, table = uuid.uuid4().hex, _table()
        unmoved = (table.c.token == dead.token) & (table.c.beat == dead.beat) & ~table.c.done
        if not self._update(unmoved, token=token, owner=self.owner, beat=0):
            return None
        self.held.add(token)
        return Claim(dead.slot, token)

    def elsewhere(self) -> list[str]:
        """The owners of the trials that other processes are at; any of them may yet have to be taken over."""
        return [row.owner for row in self._open() if row.token not in self.held]

    def alive(self) -> list[str]:
        """The owners of those of them whose processes live, as far as is known."""
        dead = {claim.token for claim in self.dead()}
        return [row.owner for row in self._open() if row.token not in self.held | dead]

    def give_up(self, *, everyone: bool = False) -> None:
        """Nobody works any more on this owner's slots, or on any: they may be taken over at once."""
        mine = _table().c.owner == self.owner
        self._update(~_table().c.done if everyone else mine & ~_table().c.done, beat=GIVEN_UP)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Count the heartbeats of the slots that are held, in a thread, while the context lasts."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def beat(self) -> None:
        """Count the heartbeats of the slots that are held, once."""
        table = _table()
        self._update(table.c.token.in_(list(self.held)) & (table.c.beat >= 0), beat=table.c.beat + 1)

    def _beat_until(self, stop: threading.Event) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        while not stop.wait(BEAT):
            with suppress(SQLAlchemyError):  # the next one will do
                self.beat()

    def _open(self) -> list[Any]:
        return [row for row in self._rows() if not row.done]

    def _rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(_table().select().where(_table().c.search == self.search)))

    def _update(self, where: "ColumnElement[bool]", **values: Any) -> int:
        own = (_table().c.search == self.search) & where
        with self.engine.begin() as connection:
            return connection.execute(_table().update().where(own).values(**values)).rowcount


@cache
def _table() -> "Table":
    from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table

    return Table(
        "backhand_claims",
        MetaData(),
        Column("search", String(512), primary_key=True),
        Column("slot", Integer, primary_key=True, autoincrement=False),
        Column("token", String(32), nullable=False, unique=True),
        Column("owner", String(32), nullable=False),
        Column("beat", Integer, nullable=False),
        Column("done", Boolean, nullable=False),
    )
