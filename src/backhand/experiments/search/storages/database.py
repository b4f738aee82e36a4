"""Storages in a database: PostgreSQL, SQLite, and whatever else SQLAlchemy reaches, with the tables of Optuna."""

import random
import sqlite3
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from backhand.errors import BackhandError
from backhand.experiments.search.storages.address import VARIABLE, Address
from backhand.experiments.search.storages.errors import NoAnswerError, no_answer, unusable

if TYPE_CHECKING:
    import optuna
    from sqlalchemy.engine import URL

WAITS = 0.1, 0.2, 0.4, 0.8, 1.6  # seconds before each new attempt, after another process made the same tables
PATIENCE = 60  # seconds for which SQLite waits for another process to write
CONNECTION = {  # of PostgreSQL: a network that is gone is noticed within a minute
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 40_000,
    "application_name": "backhand",
}
PASSWORD_REFUSED = "password", "authentication", "pg_hba.conf"
NEVER = "does not exist", "permission denied", "Access denied", "Unknown database"
UNKNOWN_HOST = "resolve host", "Name or service not known", "No address associated", "nodename nor servname"
Result = TypeVar("Result")


@dataclass
class Database:
    """A database at an address.   is_open: whether it has answered, so that a host that is unknown may come back."""

    address: Address
    is_open: bool = False
    _opened: "list[optuna.storages.RDBStorage]" = field(default_factory=list)

    @property
    def url(self) -> "URL":
        """The address for SQLAlchemy, with the password."""
        assert self.address.url is not None, "the address is that of a database"
        return self.address.url

    @property
    def is_file(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    def make(self, *, may_create: bool) -> "optuna.storages.BaseStorage":
        """Open Optuna's tables; where there are none, make them, if `may_create`.

        Raises BackhandError for a database that cannot be used, for want of a driver or for other tables, too.
        """
        import optuna

        self._refuse_damaged_file(may_create=may_create)
        try:
            tables = self._tables_that_are_there(may_create=may_create)
            if tables is None:
                tables = self._with_retries(lambda: self._tables(skip_table_creation=False))
        except ImportError as error:
            raise BackhandError(
                f"the storage {self.address.shown} needs a driver: {error.__cause__ or error}; install it"
            ) from error
        self._opened.append(tables)
        return optuna.storages.get_storage(tables)

    def close(self) -> None:
        """Close the connections to the database, which is open for all threads of this process."""
        for tables in self._opened:
            tables.scoped_session.remove()
            tables.engine.dispose()

    def translated(self, call: Callable[[], Result]) -> Result:
        """Make a call. Raises NoAnswerError where the database does not answer, BackhandError where it is unusable."""
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return call()
        except StorageInternalError as error:
            raise self._explained(error.__cause__ or error) from error
        except SQLAlchemyError as error:
            raise self._explained(error) from error

    def _explained(self, error: BaseException) -> BackhandError:
        from sqlalchemy.exc import (
            DBAPIError,
            InterfaceError,
            OperationalError,
            PendingRollbackError,
            ResourceClosedError,
        )
        from sqlalchemy.exc import TimeoutError as PoolTimeoutError

        shown, reason = self.address.shown, self._reason(error)
        if any(words in reason for words in PASSWORD_REFUSED):
            remedy = f"give the right one by PGPASSWORD, in ~/.pgpass, or with the whole address in {VARIABLE}"
            return unusable(shown, reason, remedy)
        if "does not exist" in reason:
            return unusable(shown, reason, "create it, or name another")
        for_good = NEVER if self.is_open else NEVER + UNKNOWN_HOST
        if any(words in reason for words in for_good):
            return unusable(shown, reason)
        if self.is_file:
            return no_answer(shown, reason) if "locked" in reason or "busy" in reason else unusable(shown, reason)
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        # Optuna makes some queries again in the session whose connection was lost, which is then the error.
        again = isinstance(error, PendingRollbackError | ResourceClosedError)
        if lost or again or isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
            return no_answer(shown, reason)
        return unusable(shown, reason)

    def _reason(self, error: BaseException) -> str:
        """What the driver says, in a line, without the password."""
        lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
        several = lines[0].startswith("Multiple connection attempts")
        reason = (lines[-1] if several else lines[0]).strip("- ")
        password = self.url.password
        return reason.replace(str(password), "***") if password else reason

    def _refuse_damaged_file(self, *, may_create: bool) -> None:
        """Raises BackhandError for a file that SQLite cannot read. Optuna would leave its connection open."""
        if not self.is_file:
            return
        path = self.url.database or ""
        if not Path(path).is_file():
            if not may_create:
                raise unusable(self.address.shown, "there is no such file", "name another")
            return
        try:
            with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
                connection.execute("PRAGMA quick_check").fetchone()
        except sqlite3.Error as error:
            raise unusable(self.address.shown, str(error)) from error

    def _tables_that_are_there(self, *, may_create: bool) -> "optuna.storages.RDBStorage | None":
        """Open the tables of Optuna, where all of them are there; the one with their version is made last.

        Raises BackhandError for those of another version of Optuna or of another program, and for none where none may
        be made.
        """
        import sqlalchemy

        engine = sqlalchemy.create_engine(self.url, **self._options())
        try:
            names = set(sqlalchemy.inspect(engine).get_table_names())
        finally:
            engine.dispose()
        if {"alembic_version", "version_info", "studies"} <= names:
            tables = self._with_retries(lambda: self._tables(skip_table_creation=True))
            current, known = tables.get_current_version(), tables.get_head_version()
            if current == known:
                return tables
            tables.engine.dispose()
            reason = f"its tables are those of another version of Optuna ({current}, and here {known})"
            raise unusable(self.address.shown, reason, "let all hosts have the same version, or name another database")
        if "version_info" not in names and names & {"studies", "trials"}:
            raise unusable(self.address.shown, "it has tables of another program", "name a database of its own")
        if not may_create:
            raise unusable(self.address.shown, "no search has ever used it", "name another")
        return None

    def _options(self) -> dict[str, Any]:
        """The options of SQLAlchemy: connections are tried before they are used, and end when nobody answers."""
        options: dict[str, Any] = {"pool_pre_ping": True}
        if self.is_file:
            # A transaction locks the file when it begins: two that had both read and then write would both fail.
            options["connect_args"] = {"timeout": PATIENCE, "isolation_level": "IMMEDIATE"}
        elif self.url.get_driver_name() == "psycopg":
            given = self.url.query
            options["connect_args"] = {key: value for key, value in CONNECTION.items() if key not in given}
        return options

    def _tables(self, *, skip_table_creation: bool) -> "optuna.storages.RDBStorage":
        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            address = self.url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
            return optuna.storages.RDBStorage(
                address, self._options(), skip_compatibility_check=True, skip_table_creation=skip_table_creation
            )

    def _with_retries(self, make: Callable[[], Result]) -> Result:
        """Make tables. Where several processes make the same ones at once, all but one fail, and try again."""
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import DBAPIError

        for seconds in WAITS:
            try:
                return make()
            except (DBAPIError, StorageInternalError) as error:
                cause = error.__cause__ or error if isinstance(error, StorageInternalError) else error
                if getattr(cause, "statement", None) is None or isinstance(self._explained(cause), NoAnswerError):
                    raise
            except AssertionError:  # Optuna meets tables that another process has made and not filled yet
                pass
            time.sleep(seconds * random.uniform(0.5, 1.5))
        return make()
