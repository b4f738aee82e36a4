"""A PostgreSQL server of the tests' own, on loopback, run by a user without privileges."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534  # the server refuses to run as root
ACCESS = """
local all postgres trust
host all careful 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def binaries():
    """The folder of the server's programs; None where there is none, or no user that may run them."""
    if os.name != "posix":
        return None
    folders = [Path(found).resolve().parent for name in ["initdb"] if (found := shutil.which(name))]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()), None)


class Server:
    """A server with the roles `postgres` and `careful`, whose password is `se:cret/1`.

    folder: of its files; everybody may enter it.
    """

    password = "se:cret/1"

    def __init__(self, folder: Path):
        self.programs, self.folder, self.process = binaries(), folder, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", folder / "data", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C", "-A", "trust")
        (folder / "data" / "pg_hba.conf").write_text(ACCESS)
        self.start()
        self.execute(f"CREATE ROLE careful LOGIN SUPERUSER PASSWORD '{self.password}'")

    def _as_nobody(self):
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}

    def run(self, program, *arguments):
        command = [str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", **self._as_nobody())
        assert done.returncode == 0, done.stderr

    def start(self):
        """Start the server, and wait until it answers."""
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        settings |= {"fsync": "off", "max_connections": 60, "shared_buffers": "32MB", "log_min_messages": "fatal"}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._as_nobody())
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with self.connection() as connection:
                if connection is not None:
                    return
            time.sleep(0.05)

    def stop(self):
        """Stop the server at once, which cuts all connections."""
        self.process.send_signal(2)
        self.process.wait(60)

    @contextmanager
    def connection(self, database="postgres"):
        """A connection of the user postgres; None where the server does not answer."""
        import psycopg

        try:
            connection = psycopg.connect(self.url(database), autocommit=True)
        except psycopg.OperationalError:
            yield None
            return
        with connection:
            yield connection

    def execute(self, statement, database="postgres"):
        """The rows of a statement; None where it has none."""
        with self.connection(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def url(self, database, user="postgres"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def new_database(self):
        """The name of an empty database of its own."""
        name = f"trials_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return name


@contextmanager
def running_server():
    """A server that runs while the context lasts. Skips where its programs or psycopg are missing.

    Its folder is short enough for a socket, and outside pytest's folders, which are for their user alone.
    """
    pytest.importorskip("psycopg", reason="the extra postgresql is not installed")
    if binaries() is None:
        pytest.skip("no programs of a PostgreSQL server")
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name:
        folder = Path(name)
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        server = Server(folder)
        try:
            yield server
        finally:
            server.stop()
