"""Journals: records that were cut short, files that are damaged, locks of processes that died."""

import os
import threading

import optuna
import pytest

from backhand.errors import BackhandError
from backhand.experiments.search.storages.address import parse
from backhand.experiments.search.storages.connect import connect
from backhand.experiments.search.storages.errors import NoAnswerError

UP = [optuna.study.StudyDirection.MAXIMIZE]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trials.journal"


@pytest.fixture
def opened(path):
    def call(**options):
        return connect(parse(f"journal:{path}"), lambda _: None, patience=0.0, **options)

    return call


def filled(opened):
    with opened() as storage:
        study = storage.create_new_study(UP, "small")
        for _ in range(3):
            storage.create_new_trial(study)


def test_a_record_that_was_cut_short_is_removed_and_nothing_else(opened, path):
    filled(opened)
    whole = path.read_bytes()
    record = whole.splitlines(keepends=True)[-1]
    for length in range(1, len(record)):
        path.write_bytes(whole[: -len(record)] + record[:length])
        with opened() as storage:
            study = storage.get_study_id_from_name("small")
            assert storage.get_n_trials(study) == 2
            assert storage.create_new_trial(study) == 2
        with opened() as storage:
            assert storage.get_n_trials(study) == 3


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (lambda lines: [*lines[:2], b'{"op_code":4,"study\n', *lines[2:]], "its line 3"),
        (lambda lines: [*lines[:-1], b"not a record\n"], "its line 4"),
        (lambda lines: [b"[1]\n", *lines], "its line 1"),
        (lambda lines: [b"a text without an end of its line"], "its line 1"),
        (lambda lines: [b'{"op_code":99,"worker_id":"a"}\n', *lines], "a record"),
        (lambda lines: [b'{"op_code":4,"worker_id":"a"}\n'], "a record"),
    ],
)
def test_a_journal_that_is_damaged_is_refused_and_left_as_it_is(opened, path, damage, where):
    filled(opened)
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    before = path.read_bytes()
    with (
        pytest.raises(BackhandError, match=rf"the journal {path} is damaged: {where} cannot be read; restore"),
        opened(),
    ):
        pass
    assert path.read_bytes() == before


def test_one_that_is_damaged_meanwhile_is_not_written(opened, path):
    with opened() as storage:
        study = storage.create_new_study(UP, "small")
        path.write_bytes(path.read_bytes() + b"something else")
        with pytest.raises(BackhandError, match="is damaged"):
            storage.create_new_trial(study)
    assert path.read_bytes().endswith(b"something else")


def test_a_journal_that_is_gone_is_not_begun_anew(opened, path):
    with opened() as storage:
        study = storage.create_new_study(UP, "small")
        path.unlink()
        with pytest.raises(NoAnswerError, match="No such file"):
            storage.create_new_trial(study)
    assert not path.exists()


def test_who_only_reads_creates_nothing(opened, path, tmp_path):
    with pytest.raises(BackhandError, match="there is no such file"), opened(may_create=False):
        pass
    assert list(tmp_path.iterdir()) == []
    elsewhere = connect(parse(f"journal:{tmp_path}/no/file"), lambda _: None, patience=0.0)
    with pytest.raises(BackhandError, match="there is no such folder"), elsewhere:
        pass


def test_the_lock_of_a_process_that_died_is_removed_after_a_while(opened, path):
    with opened() as storage:
        study = storage.create_new_study(UP, "small")
        storage.storage._backend.lock.grace_period = 1
        lock = path.with_name(f"{path.name}.lock")
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        assert storage.create_new_trial(study) == 0
        assert not lock.exists()


def test_processes_append_one_after_the_other(opened, path):
    """Each with a view of its own, in threads here."""
    filled(opened)

    def append():
        with opened() as storage:
            for _ in range(20):
                storage.create_new_trial(0)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened() as storage:
        assert [trial.number for trial in storage.get_all_trials(0)] == list(range(83))
