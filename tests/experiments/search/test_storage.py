"""Where trials are kept: searches that go on, that share a storage, and that must not mix."""

import json

import pytest

from backhand.errors import BackhandError
from backhand.experiments.search import storage
from backhand.experiments.search import work as search
from backhand.experiments.search.space import suggest
from backhand.experiments.search.storages import connect
from backhand.study import load, to_toml
from tests.experiments import studytexts

SEARCH = """
method = "random"
trials = 3
seeds = 0
space = { "train.optimizer.lr" = { low = 1e-3, high = 0.3, log = true } }
"""
STUDY = studytexts.searched(SEARCH, size=200, hidden=8, epochs=2)


@pytest.fixture
def make_study(tmp_path):
    def make(text=STUDY, **changes):
        path = tmp_path / "small.toml"
        path.write_text(text)
        return load(str(path), [f"{key}={json.dumps(value)}" for key, value in changes.items()])

    return make


@pytest.fixture
def shared(tmp_path):
    return f"sqlite:///{tmp_path / 'shared.db'}"


def rates(record):
    return [trial.assignment["train.optimizer.lr"] for trial in record.trials]


def test_a_longer_search_goes_on_with_values_that_it_has_not_tried(make_study, tmp_path):
    first = rates(search.run(make_study(), tmp_path / "run", quiet=True))
    longer = rates(search.run(make_study(**{"search.trials": 6}), tmp_path / "run", resume=True, quiet=True))
    assert longer[:3] == first
    assert len(set(longer)) == 6


def test_processes_that_share_a_search_draw_different_values(make_study, tmp_path, shared):
    study, drawn = make_study(), []
    for folder in ("one", "one", "other"):
        with storage.open_storage(tmp_path / folder, study, study.search, shared) as opened:
            trial = opened.trial_of(opened.claims.claim(3))
            drawn.append(suggest(trial, study.search.space)["train.optimizer.lr"])
    assert len(set(drawn)) == 3
    alone = rates(search.run(study, tmp_path / "alone", quiet=True))
    assert drawn == alone  # whoever draws them


def test_folders_that_share_a_storage_share_their_trials(make_study, tmp_path, shared):
    one = rates(search.run(make_study(), tmp_path / "one", url=shared, quiet=True))
    other = rates(search.run(make_study(**{"search.trials": 5}), tmp_path / "other", url=shared, quiet=True))
    assert other[:3] == one
    assert len(set(other)) == 5


def test_a_folder_of_its_own_may_be_moved_with_a_trial_in_flight(make_study, tmp_path):
    study, here = make_study(), tmp_path / "here"
    here.mkdir()
    with storage.open_storage(here, study, study.search) as opened:
        tried = suggest(opened.trial_of(opened.claims.claim(3)), study.search.space)
    there = here.rename(tmp_path / "there")
    for name in "study.toml", "environment.json":
        (there / name).write_text(to_toml(study) if name == "study.toml" else "{}")
    record = search.run(study, there, resume=True, quiet=True)
    assert rates(record)[0] == tried["train.optimizer.lr"]
    with storage.open_storage(there, study, study.search) as opened:
        states = [trial.state.name for trial in opened.trials.trials]
    assert states == ["FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]


def test_another_search_of_the_same_name_is_refused(make_study, tmp_path, shared):
    search.run(make_study(), tmp_path / "one", url=shared, quiet=True)
    with pytest.raises(BackhandError, match=r"another search named small: its train.l2 is 0.0, and 0.001 is asked for"):
        search.run(make_study(**{"train.l2": 1e-3}), tmp_path / "other", url=shared, quiet=True)


def test_a_search_is_resumed_where_its_trials_are(make_study, tmp_path, shared):
    search.run(make_study(), tmp_path / "one", url=shared, quiet=True)
    with pytest.raises(BackhandError, match="keeps its trials in a storage of yours; name it again by --storage"):
        search.run(make_study(), tmp_path / "one", resume=True, quiet=True)
    search.run(make_study(), tmp_path / "other", quiet=True)
    with pytest.raises(BackhandError, match=r"keeps its trials in its own search.db; resume it without --storage"):
        search.run(make_study(), tmp_path / "other", resume=True, url=shared, quiet=True)


def test_the_test_part_is_not_used_for_a_second_choice(make_study, tmp_path):
    text = STUDY.replace('"random"', '"grid"').replace("{ low = 1e-3, high = 0.3, log = true }", "[1e-6, 0.1]")
    search.run(make_study(text, **{"search.seeds": 1, "search.trials": 1}), tmp_path / "run", quiet=True)
    with pytest.raises(BackhandError, match=r"now another is best: its train.optimizer.lr is 1e-06, and 0.1 is asked"):
        search.run(make_study(text, **{"search.seeds": 1}), tmp_path / "run", resume=True, quiet=True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgresql://me:secret@127.0.0.1:1/trials",
            r"//me@127.0.0.1:1/trials does not answer \(connection",
        ),
        ("nosuch://x", "the storage nosuch://x cannot be used"),
        ("nothing", "the storage that --storage names cannot be used"),
    ],
)
def test_a_storage_out_of_reach_is_one_sentence_without_the_password(make_study, tmp_path, url, message, monkeypatch):
    monkeypatch.setattr(connect, "OPENING", 0.0)
    with pytest.raises(BackhandError, match=message) as caught:
        search.run(make_study(), tmp_path / "run", url=url, quiet=True)
    assert "secret" not in str(caught.value)
