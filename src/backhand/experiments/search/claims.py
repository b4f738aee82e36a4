"""Claims: which trials have begun, and which processes train them, in a table beside Optuna's tables.

A trial begins with a slot, from 1 to the budget, that the database gives to one process alone. So no more trials begin
than there are slots, however many processes on however many hosts share a storage. While a trial is trained, its
process counts a heartbeat up. A process in whose own time the heartbeat of another stands still for `DEAD` seconds
takes the slot over; clocks of other hosts do not matter.
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

BEAT, DEAD = 5.0, 60.0  # seconds between heartbeats, and without one, after which a process counts as dead
CLAIM, REASON, INTERRUPTED = "claim", "reason", "interrupted"  # attributes of Optuna's trials, and one's value
GIVEN_UP = -1  # the heartbeat of a slot that its process has given up


@dataclass(frozen=True)
class Claim:
    """A slot, and the token that its trial carries.   beat: the count of its heartbeat when it was read."""

    slot: int
    token: str
    beat: int = 0


@dataclass
class Claims:
    """The slots of one search in a storage.

    owner: the run of a program, whose workers share its slots.   tokens: those of the slots that this object holds.
    """

    engine: "Engine"
    search: str
    owner: str
    tokens: set[str] = field(default_factory=set)
    _heartbeats: dict[str, tuple[int, float]] = field(default_factory=dict)  # by token: a count, and when it began

    def create(self) -> None:
        """Create the table where there is none. Of two processes that do so at once, one may fail and has to retry."""
        _table().metadata.create_all(self.engine)

    def claim(self, limit: int | None) -> Claim | None:
        """Claim the first slot that nobody has had yet; None where all slots up to the limit are taken."""
        token = uuid.uuid4().hex
        while True:
            taken = {row.slot for row in self._rows()}
            slot = next(slot for slot in count(1) if slot not in taken)
            if limit is not None and slot > limit:
                return None
            if self.insert(Claim(slot, token)):
                self.tokens.add(token)
                return Claim(slot, token)

    def insert(self, claim: Claim, *, done: bool = False) -> bool:
        """Enter a claim; returns False where another process has the slot, or has entered the token."""
        from sqlalchemy.exc import IntegrityError

        values = {"search": self.search, "slot": claim.slot, "token": claim.token, "owner": self.owner}
        try:
            with self.engine.begin() as connection:
                connection.execute(_table().insert().values(**values, beat=claim.beat, done=done))
        except IntegrityError:
            return False
        return True

    def holds(self, token: str) -> bool:
        """Whether the slot of this token has not been taken over."""
        return any(row.token == token for row in self._rows())

    def finish(self, token: str) -> bool:
        """Mark the slot as used for good; returns False where it had been taken over."""
        self.tokens.discard(token)
        return self._update(_table().c.token == token, done=True) == 1

    def dead_claims(self) -> list[Claim]:
        """Return the claims that processes gave up, or whose heartbeats have stood still for too long."""
        now, rows = monotonic(), [row for row in self._open_rows() if row.token not in self.tokens]
        before = self._heartbeats
        self._heartbeats = {row.token: (row.beat, now) for row in rows}
        for row in rows:
            if row.token in before and before[row.token][0] == row.beat:
                self._heartbeats[row.token] = before[row.token]
        still = {token for token, (_, since) in self._heartbeats.items() if now - since >= DEAD}
        return [Claim(row.slot, row.token, row.beat) for row in rows if row.beat == GIVEN_UP or row.token in still]

    def retake(self, dead: Claim) -> Claim | None:
        """Take over the slot of a dead process; None where that process lives after all, or another was faster."""
        token, table = uuid.uuid4().hex, _table()
        unmoved = (table.c.token == dead.token) & (table.c.beat == dead.beat) & ~table.c.done
        if not self._update(unmoved, token=token, owner=self.owner, beat=0):
            return None
        self.tokens.add(token)
        return Claim(dead.slot, token)

    def other_owners(self) -> list[str]:
        """Return the owner of each unfinished trial of another process, living or dead."""
        return [row.owner for row in self._open_rows() if row.token not in self.tokens]

    def living_owners(self) -> list[str]:
        """Return the owner of each unfinished trial of another process that lives, as far as is known."""
        dead = {claim.token for claim in self.dead_claims()}
        return [row.owner for row in self._open_rows() if row.token not in self.tokens | dead]

    def give_up(self, *, everyone: bool = False) -> None:
        """Let any process take over the unfinished slots of this owner, or of everyone, at once."""
        is_open = ~_table().c.done
        self._update(is_open if everyone else (_table().c.owner == self.owner) & is_open, beat=GIVEN_UP)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Count the heartbeats of this object's slots, in a thread, while the context lasts."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def beat(self) -> None:
        """Count the heartbeats of this object's slots once."""
        table = _table()
        self._update(table.c.token.in_(list(self.tokens)) & (table.c.beat >= 0), beat=table.c.beat + 1)

    def _beat_until(self, stop: threading.Event) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        while not stop.wait(BEAT):
            with suppress(SQLAlchemyError):  # the next heartbeat is soon enough
                self.beat()

    def _open_rows(self) -> list[Any]:
        return [row for row in self._rows() if not row.done]

    def _rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(_table().select().where(_table().c.search == self.search)))

    def _update(self, where: "ColumnElement[bool]", **values: Any) -> int:
        condition = (_table().c.search == self.search) & where
        with self.engine.begin() as connection:
            return connection.execute(_table().update().where(condition).values(**values)).rowcount


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
