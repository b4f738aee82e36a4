"""Who may begin which trial: one budget for processes anywhere, and what becomes of a dead one's trial."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import optuna
import pytest

from backhand.errors import BackhandError
from backhand.experiments.search import claims, loop, outcomes, storage
from backhand.experiments.search import work as search
from backhand.experiments.search.space import suggest
from backhand.experiments.search.trial import Outcome
from backhand.study import load
from tests.experiments import studytexts

SEARCH = """
method = "random"
trials = 5
seeds = 0
space = { "train.optimizer.lr" = { low = 1e-3, high = 0.3, log = true } }
"""
STUDY = studytexts.searched(SEARCH, size=200, hidden=8, epochs=3)
HOST = """
import sys
from pathlib import Path
from backhand.experiments.search import work as search
from backhand.errors import BackhandError
from backhand.experiments.search import claims, loop
from backhand.study import load
claims.BEAT, loop.POLL = 0.1, 0.05
search.run(load(sys.argv[1]), Path(sys.argv[2]), url=sys.argv[3], quiet=True)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shared.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A storage without tables; one on the server that BACKHAND_POSTGRESQL names, as postgresql://me@host/any."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shared.db'}"
        return
    server = os.environ.get("BACKHAND_POSTGRESQL")
    if server is None:
        pytest.skip("BACKHAND_POSTGRESQL names no server")
    psycopg, name = pytest.importorskip("psycopg"), f"trials_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 0.1)
    monkeypatch.setattr(claims, "DEAD", 0.6)
    monkeypatch.setattr(loop, "POLL", 0.05)


def host(*arguments):
    return subprocess.Popen([sys.executable, "-c", HOST, *map(str, arguments)], stderr=subprocess.PIPE, text=True)


@pytest.fixture
def opened(file, url):
    """The storage as a process sees it; as often as it is called, so many processes."""

    def enter():
        study = load(str(file))
        return stack.enter_context(storage.open_storage(Path(), study, study.search, url))

    with ExitStack() as stack:
        yield enter


@pytest.fixture
def states(opened):
    return lambda: sorted(trial.state.name for trial in opened().trials.trials)


def test_each_slot_is_given_once_and_no_more_than_there_are(opened):
    at_once = [opened().claims for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        given = [*pool.map(lambda i: at_once[i % 4].claim(9), range(24))]
    assert sorted(claim.slot for claim in given if claim is not None) == list(range(1, 10))
    assert at_once[0].claim(10).slot == 10


def test_hosts_that_share_a_storage_keep_to_one_budget(file, url, tmp_path, states):
    """They create it at the same moment, too."""
    hosts = [host(file, tmp_path / str(i), url) for i in range(3)]
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in hosts]
    assert ends == [("", 0)] * 3
    records = [json.loads((tmp_path / str(i) / "search.json").read_text()) for i in range(3)]
    assert records[0]["trials"] == records[1]["trials"] == records[2]["trials"]
    assert records[0]["best"] == records[1]["best"] == records[2]["best"]
    assert states() == ["COMPLETE"] * 5


def test_the_trial_of_a_killed_host_is_tried_again_by_another(file, url, tmp_path, quick, opened, states):
    file.write_text(STUDY.replace("epochs = 3", "epochs = 60"))
    process = host(file, tmp_path / "killed", url)
    try:
        deadline = time.monotonic() + 60
        trials = opened().trials
        while not (running := [trial for trial in trials.trials if trial.params]):
            assert time.monotonic() < deadline
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    (cut_short,) = running
    record = search.run(load(str(file), ["train.epochs=60"]), tmp_path / "other", url=url, quiet=True)
    assert states() == ["COMPLETE"] * 5 + ["FAIL"]
    assert cut_short.params in [trial.assignment for trial in record.trials]
    assert len(record.trials) == 5
    again = search.run(load(str(file)), tmp_path / "killed", url=url, resume=True, quiet=True)
    assert again.trials == record.trials


def test_a_living_host_keeps_its_trial_however_long_it_takes(opened, monkeypatch):
    """By the observer's own clock, between two looks: how far apart they are tells nothing."""
    now = [1e6]
    monkeypatch.setattr(claims, "monotonic", lambda: now[0])
    one, other = opened(), opened()
    one.start_trial(one.claims.claim(5), None)
    for _ in range(3):
        assert other.claims.dead_claims() == []
        one.claims.beat()
        now[0] += 10 * claims.DEAD
    assert other.claims.dead_claims() == []  # it has moved since it was last seen
    now[0] += claims.DEAD - 1
    assert other.claims.dead_claims() == []
    now[0] += 1
    (dead,) = other.claims.dead_claims()
    one.claims.beat()
    assert other.claims.retake(dead) is None  # it lives after all
    assert one.claims.dead_claims() == []
    assert other.claims.other_owners() == [one.claims.owner]


def test_once_the_time_is_over_only_who_lives_is_waited_for(opened, monkeypatch):
    now = [1e6]
    monkeypatch.setattr(claims, "monotonic", lambda: now[0])
    one, other = opened(), opened()
    one.start_trial(one.claims.claim(5), None)
    assert other.claims.living_owners() == [one.claims.owner]
    assert one.claims.living_owners() == []
    now[0] += claims.DEAD
    assert other.claims.living_owners() == []
    one.claims.beat()
    assert other.claims.living_owners() == [one.claims.owner]
    one.claims.give_up()
    assert other.claims.living_owners() == []
    assert other.claims.other_owners() == [one.claims.owner]


def test_hosts_whose_time_is_over_know_one_anothers_last_trials(file, url, tmp_path):
    file.write_text(STUDY.replace("trials = 5", "minutes = 0.05").replace("epochs = 3", "epochs = 40"))
    hosts = [host(file, tmp_path / str(i), url) for i in range(2)]
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in hosts]
    assert ends == [("", 0)] * 2
    first, second = (json.loads((tmp_path / str(i) / "search.json").read_text()) for i in range(2))
    assert first["trials"] == second["trials"]
    assert first["best"] == second["best"]


@pytest.mark.parametrize("address", ["postgresql://me:secret@host:abc/db", "postgresql:/me:secret@host/db"])
def test_what_is_no_address_is_one_sentence_without_the_password(file, tmp_path, address):
    with pytest.raises(BackhandError, match="--storage") as refused:
        search.run(load(str(file)), tmp_path / "run", url=address, quiet=True)
    assert "secret" not in str(refused.value)


def test_who_gives_up_says_so_and_nobody_has_to_wait(opened):
    one, other = opened(), opened()
    values = suggest(one.start_trial(one.claims.claim(5), None), one.search.space)
    assert other.claims.dead_claims() == []
    one.claims.give_up()
    (dead,) = other.claims.dead_claims()
    claim, again = other.retake(dead)
    assert (claim.slot, again) == (1, values)
    assert one.retake(dead) is None  # somebody was faster
    assert suggest(other.start_trial(claim, again), one.search.space) == values


def test_the_result_of_a_host_that_stood_still_too_long_does_not_count_twice(opened):
    one, other = opened(), opened()
    trial = one.start_trial(one.claims.claim(5), None)
    assignment = suggest(trial, one.search.space)
    one.claims.give_up()  # as if it had stopped
    claim, values = other.retake(other.claims.dead_claims()[0])
    outcome = Outcome(0.9, 1, 1.0, 10)
    assert not outcomes.save(trial, assignment, outcome)
    assert not one.claims.finish(trial.user_attrs["claim"])
    second = other.start_trial(claim, values)
    assert outcomes.save(second, suggest(second, other.search.space), outcome)
    assert other.claims.finish(claim.token)
    assert [ended.number for ended in outcomes.ended_trials(other.trials)] == [2]
    assert other.claims.other_owners() == []


@pytest.mark.parametrize("moment", ["before the trial", "after the trial"])
def test_a_host_that_dies_beside_its_trial_costs_none(moment, opened, states):
    """Between its slot and its trial, or between the trial's end and the note of it."""
    one, other = opened(), opened()
    claim = one.claims.claim(5)
    if moment == "after the trial":
        trial = one.start_trial(claim, None)
        outcomes.save(trial, suggest(trial, one.search.space), Outcome(0.9, 1, 1.0, 10))
    one.claims.give_up()
    taken = other.retake(other.claims.dead_claims()[0])
    if moment == "before the trial":
        assert taken[0].slot == 1
        assert one.start_trial(claim, None) is None  # it had only stood still, and comes too late
        assert states() == ["FAIL"]
    else:
        assert taken is None
        assert other.claims.dead_claims() == []
        assert states() == ["COMPLETE"]
    assert other.claims.claim(5).slot == 2


def test_workers_end_with_the_process_that_started_them(file, tmp_path):
    file.write_text(STUDY.replace("trials = 5", "trials = 5000\nworkers = 2"))
    command = [sys.executable, "-m", "backhand", "run", str(file), "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = iter(process.stdout.readline, "")
    assert any(line.startswith("trial") for line in lines)
    process.kill()
    process.wait()
    with process.stdout, ThreadPoolExecutor() as pool:  # they hold the pipe until they end
        pool.submit(process.stdout.read).result(timeout=60)


@pytest.mark.parametrize("method", ["random", "grid"])
def test_a_search_of_an_earlier_version_goes_on(file, tmp_path, method):
    """Without claims: one trial complete, one in flight, one interrupted and queued again."""
    text = STUDY.replace('"random"', f'"{method}"')
    if method == "grid":
        text = text.replace("{ low = 1e-3, high = 0.3, log = true }", "[0.1, 0.2, 0.05]").replace("trials = 5\n", "")
    file.write_text(text)
    study, folder = load(str(file)), tmp_path / "run"
    first = search.run(study, folder, quiet=True)
    with storage.open_storage(folder, study, study.search) as opened, opened.claims.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE backhand_claims")
        connection.exec_driver_sql("DELETE FROM trial_user_attributes WHERE key = 'claim'")
        connection.exec_driver_sql("UPDATE trials SET state = 'RUNNING' WHERE number = 2")
        connection.exec_driver_sql("UPDATE trials SET state = 'WAITING' WHERE number = 4")
    record = json.loads((folder / "search.json").read_text())  # lists the trials that have ended
    record["trials"] = [trial for trial in record["trials"] if trial["number"] not in (2, 4)]
    (folder / "search.json").write_text(json.dumps(record))
    again = search.run(study, folder, resume=True, quiet=True)
    assert len(again.trials) == len(first.trials)
    tried = [[trial.assignment["train.optimizer.lr"] for trial in record.trials] for record in (first, again)]
    assert sorted(tried[0]) == sorted(tried[1])


def test_a_storage_that_goes_away_is_one_sentence(file, url, tmp_path, monkeypatch):
    def lost(*_):
        raise optuna.exceptions.StorageInternalError("An exception is raised") from OSError(
            "the server closed the door"
        )

    monkeypatch.setattr(loop.Loop, "_save", lost)
    with pytest.raises(BackhandError, match="the server closed the door; mend it"):
        search.run(load(str(file)), tmp_path / "run", url=url, quiet=True)
