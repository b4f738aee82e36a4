"""Hosts that share a search, as processes of their own: at the same moment, killed, and with a budget of minutes."""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backhand.experiments.search import loop, storage
from backhand.experiments.search import work as search
from backhand.experiments.search.owner import Access, Pace
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
from backhand.experiments.search import work as search
from backhand.experiments.search.owner import Access, Pace
from backhand.study import load
access = Access(sys.argv[3], Pace(beat=0.2, dead=float(sys.argv[4]), poll=0.05))
search.run(load(sys.argv[1]), sys.argv[2], url=access, quiet=True)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shared.toml"
    path.write_text(STUDY)
    return path


def host(file, folder, url, dead=60.0):
    words = [sys.executable, "-c", HOST, *map(str, (file, folder, url, dead))]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def ends(hosts):
    return [(process.communicate(timeout=120)[1], process.returncode) for process in hosts]


def records(tmp_path, *names):
    return [json.loads((tmp_path / name / "search.json").read_text()) for name in names]


def trials_of(file, url):
    study = load(str(file))
    with storage.open_storage(Path(), study, study.search, url) as opened:
        return opened.trials.trials


def complete_trials_of(file, url):
    """Without those that were withdrawn, because two processes had claimed the last slot at the same moment."""
    return [trial for trial in trials_of(file, url) if trial.state.name == "COMPLETE"]


@pytest.mark.parametrize("url", ["postgresql", "journal"], indirect=True)
def test_hosts_that_share_a_storage_keep_to_one_budget(file, url, tmp_path):
    """They create it at the same moment, too."""
    assert ends([host(file, tmp_path / name, url) for name in "ab"]) == [("", 0)] * 2
    one, two = records(tmp_path, *"ab")
    assert one["trials"] == two["trials"]
    assert one["best"] == two["best"]
    assert len(one["trials"]) == 5
    assert len(complete_trials_of(file, url)) == 5


def test_the_trial_of_a_killed_host_is_tried_again_by_another(file, url, tmp_path):
    """And the killed one, resumed, has the same results."""
    file.write_text(STUDY.replace("epochs = 3", "epochs = 300").replace("trials = 5", "trials = 3"))
    study = load(str(file))
    with storage.open_storage(Path(), study, study.search, url) as opened:
        process = host(file, tmp_path / "killed", url)
        try:
            deadline = time.monotonic() + 60
            while not any(trial.params for trial in opened.trials.get_trials(deepcopy=False)):
                assert time.monotonic() < deadline
                assert process.poll() is None
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    access = Access(url, Pace(beat=0.2, dead=2.0, poll=0.05))
    record = search.run(load(str(file)), tmp_path / "other", url=access, quiet=True)
    after = trials_of(file, url)
    (cut_short,) = [trial for trial in after if trial.state.name == "FAIL"]
    assert cut_short.user_attrs["interrupted"] == "lost"
    assert cut_short.params in [trial.assignment for trial in record.trials]
    assert (len(record.trials), len(after)) == (3, 4)
    again = search.run(load(str(file)), tmp_path / "killed", url=url, resume=True, quiet=True)
    assert again.trials == record.trials


def test_hosts_whose_time_is_over_know_one_anothers_last_trials(file, tmp_path):
    file.write_text(STUDY.replace("trials = 5", "minutes = 0.02").replace("epochs = 3", "epochs = 40"))
    url = f"journal:{tmp_path / 'shared.journal'}"
    assert ends([host(file, tmp_path / name, url) for name in "ab"]) == [("", 0)] * 2
    first, second = records(tmp_path, *"ab")
    assert first["trials"] == second["trials"]
    assert first["best"] == second["best"]


def test_workers_of_one_host_share_a_storage_with_others(file, tmp_path):
    file.write_text(STUDY.replace("trials = 5", "trials = 5\nworkers = 2"))
    url = f"journal:{tmp_path / 'shared.journal'}"
    search.run(load(str(file)), tmp_path / "run", url=url, quiet=True)
    owners = [trial.user_attrs["owner"] for trial in complete_trials_of(file, url)]
    pids, runs = {owner["pid"] for owner in owners}, {owner["run"] for owner in owners}
    assert (len(owners), len(pids) <= 2, len(runs)) == (5, True, 1)


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


def test_a_trial_that_ends_its_processes_has_failed_in_the_end(file, tmp_path, monkeypatch):
    """In a folder of the search's own: it is resumed after each of the deaths."""
    killed = []

    def dies(*_):
        killed.append(1)
        raise SystemExit(9)

    monkeypatch.setattr("backhand.experiments.search.claims.Claims.give_up", lambda _: None)
    with monkeypatch.context() as deadly:
        deadly.setattr(loop, "train_trials", dies)
        for resume in False, True, True:
            with pytest.raises(SystemExit):
                search.run(load(str(file)), tmp_path / "run", resume=resume, quiet=True)
    record = search.run(load(str(file)), tmp_path / "run", resume=True, quiet=True)
    assert len(killed) == 3
    assert [trial.state for trial in record.trials] == ["failed", *["complete"] * 4]
    assert "3 processes ended while they trained it" in record.trials[0].reason
    assert record.trials[0].assignment


@pytest.mark.parametrize("method", ["random", "grid"])
def test_a_search_of_an_earlier_version_goes_on(file, tmp_path, method):
    """Without slots: one trial complete, one in flight, one interrupted and queued again."""
    text = STUDY.replace('"random"', f'"{method}"')
    if method == "grid":
        text = text.replace("{ low = 1e-3, high = 0.3, log = true }", "[0.1, 0.2, 0.05]").replace("trials = 5\n", "")
    file.write_text(text)
    study, folder = load(str(file)), tmp_path / "run"
    first = search.run(study, folder, quiet=True)
    with storage.open_storage(folder, study, study.search) as opened:
        engine = opened.claims.storage.storage._backend.engine
        with engine.begin() as connection:
            own = "'claim', 'slot', 'owner', 'beat', 'outcome'"
            connection.exec_driver_sql(f"DELETE FROM trial_user_attributes WHERE key IN ({own})")
            connection.exec_driver_sql("UPDATE trials SET state = 'RUNNING' WHERE number = 2")
            connection.exec_driver_sql("UPDATE trials SET state = 'WAITING' WHERE number = 4")
    record = json.loads((folder / "search.json").read_text())  # lists the trials that have ended
    record["trials"] = [trial for trial in record["trials"] if trial["number"] not in (2, 4)]
    (folder / "search.json").write_text(json.dumps(record))
    again = search.run(study, folder, resume=True, quiet=True)
    assert len(again.trials) == len(first.trials)
    tried = [[trial.assignment["train.optimizer.lr"] for trial in record.trials] for record in (first, again)]
    assert sorted(tried[0]) == sorted(tried[1])


def test_a_process_that_was_interrupted_leaves_its_trial_to_others_at_once(file, tmp_path, monkeypatch):
    url = f"journal:{tmp_path / 'shared.journal'}"

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(loop, "train_trials", interrupted)
        with pytest.raises(KeyboardInterrupt):
            search.run(load(str(file)), tmp_path / "one", url=url, quiet=True)
    record = search.run(load(str(file)), tmp_path / "other", url=url, quiet=True)
    assert len(record.trials) == 5
    given_up = [trial for trial in trials_of(file, url) if trial.user_attrs.get("interrupted") == "given up"]
    assert [trial.number for trial in given_up] == [0]
