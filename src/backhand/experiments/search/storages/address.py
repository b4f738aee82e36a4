"""Addresses of storages: a database, `journal:FILE`, or `grpc://HOST:PORT`. No password of one is ever shown or saved.

A password comes from where its database looks for one (PGPASSWORD and ~/.pgpass of PostgreSQL), or in the address that
the environment variable BACKHAND_STORAGE holds: other users of a machine read command lines, and not environments.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from backhand.errors import BackhandError
from backhand.extras import GRPC, POSTGRESQL
from backhand.files.paths import as_path

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

VARIABLE = "BACKHAND_STORAGE"
JOURNAL, PORT = "journal:", 13000
FORMS = "postgresql://USER@HOST/DATABASE, sqlite:////FOLDER/FILE.db, journal:FILE or grpc://HOST:PORT"
WITH_PASSWORD = re.compile(r"^[\w+]+:/*[^/?#]*:.*@|[?&](password|passwd)=", re.DOTALL)
GRPC_ADDRESS = re.compile(r"grpc://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?/?")


@dataclass(frozen=True)
class Address:
    """Where a storage is.

    shown: the address as people may see it, without a password.   url: of a database; it holds the password, if any.
    path: of a journal, absolute.   host, port: of a gRPC server.
    """

    kind: Literal["database", "journal", "grpc"]
    shown: str
    url: "URL | None" = field(default=None, repr=False)
    path: Path | None = None
    host: str = ""
    port: int = PORT

    @classmethod
    def of_file(cls, path: Path) -> "Address":
        """The address of a SQLite file."""
        from sqlalchemy.engine import URL

        return cls("database", str(path), url=URL.create("sqlite", database=str(path.resolve())))


def chosen(option: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The address that a command has: that of --storage, or else that of BACKHAND_STORAGE; None for neither.

    Raises BackhandError for an option with a password.
    """
    if option is None:
        return environment.get(VARIABLE) or None
    if WITH_PASSWORD.search(option):
        raise BackhandError(
            f"--storage holds a password, which everybody on this machine can read in the list of processes; leave it "
            f"out, and put it into PGPASSWORD or ~/.pgpass, or the whole address into {VARIABLE}"
        )
    return option


def without_password(text: str) -> str:
    """Return the address of a database without its password, to be sent to other machines."""
    address = parse(text)
    if address.url is None:
        return text
    query = {key: value for key, value in address.url.query.items() if key not in ("password", "passwd")}
    return _plain(address.url, query)


def of_this_machine(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the address that BACKHAND_STORAGE holds here, where it differs from this one by its password alone."""
    own = environment.get(VARIABLE)
    return own if own and without_password(own) == without_password(text) else text


def parse(text: str) -> Address:
    """Read an address. Raises BackhandError, which shows nothing of it that may be a password."""
    if text.startswith(JOURNAL):
        return _journal(text)
    if text.startswith("grpc:"):
        return _server(text)
    return _database(text)


def _journal(text: str) -> Address:
    name = text.removeprefix(JOURNAL)
    if not name or name.startswith("//"):
        raise BackhandError(f"the storage {text} names no file; write journal:FILE, as journal:/disk/trials.journal")
    path = as_path(name).absolute()
    return Address("journal", f"{JOURNAL}{path}", path=path)


def _server(text: str) -> Address:
    GRPC.require("a gRPC storage")
    match = GRPC_ADDRESS.fullmatch(text)
    if match is None or int(match[2] or PORT) > 65535:
        raise BackhandError(
            f"--storage is no address of a gRPC server; write grpc://HOST:PORT, such as grpc://db:{PORT}"
        )
    host, port = match[1], int(match[2] or PORT)
    return Address("grpc", f"grpc://{host}:{port}", host=host, port=port)


def _database(text: str) -> Address:
    """PostgreSQL is reached by psycopg, whatever SQLAlchemy prefers."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # whose text repeats the address, or the beginning of a password
        raise BackhandError(
            f"the storage that --storage names cannot be used: it is no address; write {FORMS}"
        ) from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "postgresql+psycopg":
        POSTGRESQL.require("a storage in PostgreSQL")
    return Address("database", _plain(url), url=url)


def _plain(url: "URL", query: Mapping[str, Any] | None = None) -> str:
    """Return the address as text, without its password, and with these options alone."""
    from sqlalchemy.engine import URL

    scheme = "postgresql" if url.drivername == "postgresql+psycopg" else url.drivername
    plain = URL.create(scheme, url.username, None, url.host, url.port, url.database, query or {})
    return plain.render_as_string()
