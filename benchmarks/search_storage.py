"""Whether a search that hosts share loses or repeats a result when hosts are killed and its database is restarted.

    python benchmarks/search_storage.py --rounds 10

A round is a search of 60 trials in PostgreSQL. Three hosts, which are processes with a folder each, begin it at the
same moment, and a fourth one comes late. Two of them are killed by SIGKILL at random moments, and the database is
stopped and started again once. Then every host that is left must have the 60 results of a search that nobody disturbed,
each once: the values of a random search depend on the seed and the slot alone.
The server of PostgreSQL is one of the script's own, on loopback, run by a user without privileges.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

ROOT = Path(__file__).resolve().parents[1]
TRIALS, HOSTS = 60, 4
STUDY = """
name = "shared"
[data]
name = "digits"
validation = 0.3
[model]
name = "mlp"
hidden = [32]
[train]
epochs = {epochs}
[search]
method = "random"
trials = 60
seeds = 0
space = {{ "train.optimizer.lr" = {{ low = 1e-3, high = 0.3, log = true }} }}
"""
HOST = """
import sys
from backhand import backend
from backhand.experiments.search import work
from backhand.experiments.search.owner import Access, Pace
from backhand.study import load
backend.use("cpu", 1)
access = Access(sys.argv[3], Pace(beat=1.0, dead=6.0, poll=0.3, patience=120.0))
work.run(load(sys.argv[1]), sys.argv[2], url=access)
"""


class Round:
    """One search with its hosts.   events: what was done to it, with the seconds since it began."""

    def __init__(self, server: Any, folder: Path, study: Path, draws: random.Random) -> None:
        self.server, self.folder, self.study, self.draws = server, folder, study, draws
        self.database = server.new_database()
        self.url = server.url(self.database)
        self.hosts: list[subprocess.Popen[str]] = []
        self.start, self.events = time.monotonic(), list[str]()

    def begin_host(self) -> None:
        """Start a host in a folder of its own."""
        number = len(self.hosts)
        words = [sys.executable, "-c", HOST, str(self.study), str(self.folder / f"host-{number}"), self.url]
        log = (self.folder / f"host-{number}.log").open("w")
        self.hosts.append(subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, text=True))
        log.close()

    def kill_host(self) -> None:
        """Kill one of the hosts that came in time."""
        alive = [number for number, host in enumerate(self.hosts[:3]) if host.poll() is None]
        number = self.draws.choice(alive)
        self.hosts[number].kill()
        self.hosts[number].wait()
        self.note(f"kill {number}")

    def restart(self) -> None:
        """Stop the server, cutting all connections, and start it again after a few seconds."""
        self.server.stop()
        seconds = self.draws.uniform(1, 5)
        time.sleep(seconds)
        self.server.start()
        self.note(f"database off for {seconds:.0f} s")

    def late(self) -> None:
        """Start the last host."""
        self.begin_host()
        self.note("late host")

    def note(self, event: str) -> None:
        """Note an event."""
        self.events.append(f"{event} at {time.monotonic() - self.start:.0f} s, {self.results_so_far()} results")

    def results_so_far(self) -> int:
        """How many trials have ended."""
        import psycopg

        try:
            rows = self.server.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'", self.database)
        except psycopg.Error:  # no host has made the tables yet
            return 0
        return int(rows[0][0])

    def run(self) -> None:
        """Run the search; what is done to it happens at random moments, the last one before its last quarter."""
        for _ in range(HOSTS - 1):
            self.begin_host()
        actions: list[Callable[[], None]] = [self.kill_host, self.kill_host, self.restart, self.late]
        timed = sorted(
            ((self.draws.randrange(TRIALS * 3 // 4), action) for action in actions), key=lambda pair: pair[0]
        )
        for moment, action in timed:
            while self.results_so_far() < moment:
                time.sleep(0.05)
            time.sleep(self.draws.uniform(0, 1))
            action()
        for host in self.hosts:
            host.wait(timeout=600)

    def results(self) -> list[list[dict[str, Any]]]:
        """The trials in search.json of every host that came to its end."""
        ended = [number for number, host in enumerate(self.hosts) if host.returncode == 0]
        return [json.loads((self.folder / f"host-{number}" / "search.json").read_text())["trials"] for number in ended]


def judged(results: list[list[dict[str, Any]]], wanted: Counter[float]) -> dict[str, int]:
    """How many results a round has, how many twice, and how many are lost; over all hosts that are left."""
    rates = [Counter(trial["assignment"]["train.optimizer.lr"] for trial in trials) for trials in results]
    return {
        "hosts": len(rates),
        "results": min((found.total() for found in rates), default=0),
        "twice": sum((found - wanted).total() for found in rates),
        "lost": sum((wanted - found).total() for found in rates),
        "other": sum(trials != results[0] for trials in results),
    }


def undisturbed(study: Path, folder: Path) -> tuple[Counter[float], float]:
    """The values of a search by one host alone, and the seconds that it takes."""
    start = time.monotonic()
    words = [sys.executable, "-c", HOST, str(study), str(folder), f"journal:{folder.parent / 'alone.journal'}"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    trials = json.loads((folder / "search.json").read_text())["trials"]
    return Counter(trial["assignment"]["train.optimizer.lr"] for trial in trials), time.monotonic() - start


def main(
    rounds: Annotated[int, typer.Option(help="How many searches.")] = 10,
    epochs: Annotated[int, typer.Option(help="Of each trial, so that a round takes about a minute.")] = 800,
    seed: Annotated[int, typer.Option(help="Of the random moments.")] = 0,
) -> None:
    """Run the rounds, and print a row for each. Ends with status 1 where a result is lost or there twice."""
    sys.path.insert(0, str(ROOT))
    from tests.postgresql import running_server

    draws, is_good = random.Random(seed), True
    with tempfile.TemporaryDirectory() as name, running_server() as server:
        study = Path(name) / "shared.toml"
        study.write_text(STUDY.format(epochs=epochs))
        wanted, alone = undisturbed(study, Path(name) / "alone")
        print(f"undisturbed, one host: {wanted.total()} results, {alone:.0f} s", flush=True)
        for number in range(1, rounds + 1):
            folder = Path(name) / f"round-{number}"
            folder.mkdir()
            search = Round(server, folder, study, draws)
            search.run()
            row = judged(search.results(), wanted)
            duration = time.monotonic() - search.start
            passed = row == {"hosts": 2, "results": TRIALS, "twice": 0, "lost": 0, "other": 0}
            print(f"{number:>2}  {row}  {duration:.0f} s  {'; '.join(search.events)}", flush=True)
            if not passed:
                is_good = False
                for log in sorted(folder.glob("*.log")):
                    print(f"--- {log.name}\n{log.read_text()[-2000:]}")
    raise SystemExit(not is_good)


if __name__ == "__main__":
    typer.run(main)
