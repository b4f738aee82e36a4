"""Kills ranks, workers and programs at random moments, goes on, and compares with what nobody has killed.

A run of several ranks, a series and a search are begun again and again, the series and the search also on a Dask
cluster of two workers. Of each, a process is killed by SIGKILL at a random moment; `--resume` goes on, with another
number of ranks, until it is done. A worker of the cluster that was killed is replaced. Nothing may be lost: the run has
the same losses to the bit, the series the same results to the bit, and the search every trial once.
usage: python benchmarks/kills.py --out FOLDER [--kills 20] [--seed 0]        Linux
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from backhand.console.exits import run_to_exit_status
from backhand.errors import BackhandError
from cluster import BACKHAND, Dask, timeless

MPIEXEC = str(Path(sys.executable).with_name("mpiexec"))
DATA = "[data]\nname = 'digits'\nvalidation = 0.2\n[model]\nname = 'mlp'\nhidden = [64]\ndropout = 0.2\n[train]\n"
STUDIES = {
    "run": f"name = 'run'\n{DATA}epochs = 250\naccumulate = 6\nsave_every = 0.05\n",
    "cell": f"name = 'cell'\n{DATA}epochs = 12\n",
    "search": f"name = 'search'\n{DATA}epochs = 8\n[search]\ntrials = 16\nseeds = 1\n"
    "space = { 'train.optimizer.lr' = { low = 0.01, high = 0.2, log = true } }\n",
}
SERIES = """
name = "series"
title = "Twelve cells"
minutes = 0.2
memory = 0.2
[[parts]]
name = "width"
title = "Widths"
study = "{study}"
seeds = 3
axes = [{{ name = "width", key = "model.hidden", values = [[8], [16], [32], [64]] }}]
"""


@dataclass(frozen=True)
class Victim:
    """What is killed: a name for the table, what it belongs to, and which of the processes of the program it is.

    launch: the words before the program.   options: those behind it.
    """

    name: str
    what: str
    launch: Callable[[random.Random], list[str]]
    options: tuple[str, ...]
    pick: Callable[[int, random.Random], int | None]


@dataclass(frozen=True)
class Known:
    """What nobody has killed: its outcome, and the seconds it takes."""

    outcome: Any
    seconds: float


def children(parent: int) -> list[int]:
    """The processes that a process has started, and those that they have started."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    found = [int(word) for word in listed.stdout.split()]
    return found + [each for child in found for each in children(child)]


def ranks(parent: int) -> list[int]:
    """The programs of mpiexec, without its own and without the watch that rank 0 has started."""
    return [each for each in children(parent) if "-m backhand" in command_line(each)]


def command_line(process: int) -> str:
    """The words of a process, as Linux tells them."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text("utf-8", errors="replace").replace("\0", " ")
    return ""


def one_of(found: list[int], chance: random.Random) -> int | None:
    """One of these processes; None where there is none."""
    return chance.choice(found) if found else None


def of_workers(parent: int, chance: random.Random) -> int | None:
    """A worker of a program's pool."""
    return one_of([each for each in children(parent) if "spawn_main" in command_line(each)], chance)


def some_ranks(chance: random.Random) -> list[str]:
    """The words that start 2 or 3 ranks."""
    return [MPIEXEC, "-n", str(chance.choice([2, 3]))]


def first_rank(parent: int, _: random.Random) -> int | None:
    """Rank 0, once it is there."""
    return next(iter(ranks(parent)), None)


def later_rank(parent: int, chance: random.Random) -> int | None:
    """A rank, but not rank 0."""
    return one_of(ranks(parent)[1:], chance)


def program(parent: int, _: random.Random) -> int:
    """The program itself."""
    return parent


def alone(_: random.Random) -> list[str]:
    """No words before the program."""
    return []


def victims(dask: Dask) -> list[Victim]:
    """All that is killed in turn."""

    def replaced(_: int, chance: random.Random) -> int:
        dask.work()
        return chance.choice([worker.pid for worker in dask.workers[:-1] if worker.poll() is None])

    one, two, cluster = ("--threads", "1"), ("--workers", "2"), ("--cluster", dask.address)
    return [
        Victim("rank 0", "run", some_ranks, one, first_rank),
        Victim("another rank", "run", some_ranks, one, later_rank),
        Victim("worker of a series", "series", alone, two, of_workers),
        Victim("program of a series", "series", alone, two, program),
        Victim("Dask worker of a series", "series", alone, cluster, replaced),
        Victim("head of a Dask series", "series", alone, cluster, program),
        Victim("worker of a search", "search", alone, two, of_workers),
        Victim("program of a search", "search", alone, two, program),
        Victim("Dask worker of a search", "search", alone, cluster, replaced),
        Victim("head of a Dask search", "search", alone, cluster, program),
    ]


def outcome(what: str, folder: Path) -> Any:
    """What must not depend on kills: losses, results, or for a search the numbers of its slots."""
    if what == "run":
        lines = (folder / "history.jsonl").read_text("utf-8").splitlines()
        return [timeless(json.loads(line)) for line in lines]
    if what == "series":
        return {
            path.name: timeless(json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("width/*.json"))
        }
    record = json.loads((folder / "search.json").read_text("utf-8"))
    return len(record["trials"]), sum(run.get("test") is not None for run in record["runs"])


def attempt(words: list[str], victim: Victim | None, after: float, chance: random.Random) -> tuple[int, bool]:
    """Run a program to its end; returns its exit status, and whether a victim of it was killed, after these seconds."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        killed, start = False, time.perf_counter()
        while program.poll() is None:
            time.sleep(0.02)
            if victim is not None and not killed and time.perf_counter() - start >= after:
                process = victim.pick(program.pid, chance)
                with suppress(ProcessLookupError):
                    if process is not None:
                        subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(process)], check=False)
                        killed = True
        return program.returncode, killed


def first_words(what: str, folder: Path, out: Path) -> list[str]:
    """The command that begins this in a new folder."""
    return [*BACKHAND, "run", str(folder / f"{what}.toml"), "--out", str(out)]


def trial(victim: Victim, out: Path, chance: random.Random, seconds: float) -> tuple[float, int]:
    """Begin, kill and go on until it is done; returns when it was killed, and how often it was begun."""
    after, begun, words = chance.uniform(1.0, seconds), 0, first_words(victim.what, out.parent, out)
    kill: Victim | None = victim
    while True:
        begun += 1
        status, killed = attempt([*victim.launch(chance), *words, *victim.options], kill, after, chance)
        kill = None if killed else kill
        if status == 0 and kill is None:
            return after, begun
        if status == 0 or begun > 5:
            raise BackhandError(f"{victim.name}: status {status} after {begun} beginnings, killed: {killed}")
        if (out / "environment.json").exists():
            words = [*BACKHAND, "run", "--resume", str(out)]


def kill_in_turn(folder: Path, kills: int, chance: random.Random, known: dict[str, Known]) -> int:
    """Kill the victims in turn; returns how often something was lost."""
    dask, lost = Dask(folder / "dask"), 0
    try:
        dask.work()
        dask.work()
        print(f"{'killed':<24}{'after':>8}{'begun':>7}  as if nothing had been killed", flush=True)
        for number, victim in zip(range(kills), cycle(victims(dask)), strict=False):
            out = folder / f"{number:02}"
            after, begun = trial(victim, out, chance, 0.8 * known[victim.what].seconds)
            same = outcome(victim.what, out) == known[victim.what].outcome
            lost += not same
            print(f"{victim.name:<24}{after:>6.1f} s{begun:>7}  {'yes' if same else 'NO'}", flush=True)
    finally:
        dask.end()
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="Write everything to this new folder.")
    parser.add_argument("--kills", type=int, default=20, help="Kill this number of processes.")
    parser.add_argument("--seed", type=int, default=0, help="Choose the moments by this seed.")
    arguments = parser.parse_args()
    folder, chance = arguments.out, random.Random(arguments.seed)
    folder.mkdir(parents=True)
    for name, text in STUDIES.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    (folder / "series.toml").write_text(SERIES.format(study=folder / "cell.toml"), "utf-8")
    known = {}
    for what in ("run", "series", "search"):
        start = time.perf_counter()
        status, _ = attempt([*first_words(what, folder, folder / what), "--threads", "1"], None, 0.0, chance)
        known[what] = Known(outcome(what, folder / what), time.perf_counter() - start)
        print(f"{what}: {known[what].seconds:.0f} s where nobody is killed, status {status}", flush=True)
    lost = kill_in_turn(folder, arguments.kills, chance, known)
    print(f"{arguments.kills} kills, {lost} of them lost something")


if __name__ == "__main__":
    sys.exit(run_to_exit_status(main))
