"""Storages in PostgreSQL and SQLite: what they refuse, in a sentence, and what they outlast."""

import sqlite3
import threading

import optuna
import pytest

from backhand.errors import BackhandError
from backhand.experiments.search.storages import connect as connecting
from backhand.experiments.search.storages.address import parse
from backhand.experiments.search.storages.connect import connect
from backhand.experiments.search.storages.errors import NoAnswerError


@pytest.fixture
def connected():
    """Open an address; returns the lines that the storage prints, and an error, if there is one."""

    def call(url, **options):
        said = []
        try:
            with connect(parse(url), said.append, patience=0.0, **options) as storage:
                storage.get_all_studies()
        except BackhandError as error:
            return said, error
        return said, None

    return call


def test_a_password_comes_from_the_environment_or_a_file(postgresql, connected, monkeypatch, tmp_path):
    name = postgresql.new_database()
    url = postgresql.url(name, "careful")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    said, error = connected(url)
    assert f"the storage {url} cannot be used" in str(error)
    assert "give the right one by PGPASSWORD, in ~/.pgpass, or" in str(error)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    said, error = connected(url)
    assert (said, "password authentication failed" in str(error)) == ([], True)  # at once: nothing is waited for
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    assert connected(url) == ([], None)
    monkeypatch.delenv("PGPASSWORD")
    escaped = postgresql.password.replace(":", r"\:")
    (tmp_path / "pgpass").write_text(f"127.0.0.1:*:*:careful:{escaped}\n")
    (tmp_path / "pgpass").chmod(0o600)
    assert connected(url) == ([], None)
    (tmp_path / "pgpass").unlink()
    quoted = postgresql.password.replace(":", "%3A").replace("/", "%2F")
    assert connected(url.replace("careful@", f"careful:{quoted}@")) == ([], None)
    _, error = connected(url.replace("careful@", "careful:wrongsecret@"))
    assert "wrongsecret" not in str(error)


def test_a_database_that_is_not_there_and_a_host_that_nobody_knows_are_refused_at_once(postgresql, connected):
    said, error = connected(postgresql.url("nosuch"))
    assert (said, 'database "nosuch" does not exist; create it' in str(error)) == ([], True)
    said, error = connected("postgresql://me@no-such-host.invalid/trials")
    assert (said, "cannot be used" in str(error)) == ([], True)


def test_a_database_that_does_not_answer_is_waited_for(connected, monkeypatch):
    monkeypatch.setattr(connecting, "OPENING", 0.5)
    said, error = connected("postgresql://me@127.0.0.1:1/trials")
    assert isinstance(error, NoAnswerError)
    assert "does not answer (connection failed" in str(error)
    (line,) = said
    assert line.endswith("waiting, for 0 s at most")


def test_tables_of_another_version_and_of_another_program_are_left_alone(postgresql, connected):
    newer, foreign = postgresql.new_database(), postgresql.new_database()
    assert connected(postgresql.url(newer)) == ([], None)
    postgresql.execute("UPDATE alembic_version SET version_num = 'v9.9.9'", newer)
    postgresql.execute("CREATE TABLE trials (mine integer)", foreign)
    assert "another version of Optuna (v9.9.9, and here v3.2.0.a); let all hosts" in str(
        connected(postgresql.url(newer))[1]
    )
    assert "it has tables of another program" in str(connected(postgresql.url(foreign))[1])
    assert postgresql.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", foreign) == [(1,)]


def test_who_only_reads_creates_nothing(postgresql, connected, tmp_path):
    name = postgresql.new_database()
    assert "no search has ever used it" in str(connected(postgresql.url(name), may_create=False)[1])
    assert postgresql.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == [(0,)]
    assert "there is no such file" in str(connected(f"sqlite:///{tmp_path / 'a.db'}", may_create=False)[1])
    assert list(tmp_path.iterdir()) == []


def test_a_restart_is_outlasted(postgresql):
    """Of calls that may be made twice, and of those that may not."""
    said = []
    with connect(parse(postgresql.url(postgresql.new_database())), said.append, patience=60.0) as storage:
        study = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "small")
        template = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, user_attrs={"claim": "a"})
        trial = storage.create_new_trial(study, template)
        postgresql.stop()
        threading.Timer(1.0, postgresql.start).start()
        storage.set_trial_user_attr(trial, "beat", 1)
        assert storage.get_trial(trial).user_attrs["beat"] == 1
        assert [line.partition("(")[0].partition(";")[0] for line in said] == [
            f"the storage {storage.shown} does not answer ",
            f"the storage {storage.shown} answers again",
        ]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_call_whose_answer_is_lost_is_not_made_twice(postgresql, arrives):
    said = []
    with connect(parse(postgresql.url(postgresql.new_database())), said.append, patience=60.0) as storage:
        study = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "small")
        within, calls = storage.storage, []

        def once_lost(call):
            def made(*arguments):
                calls.append(call)
                if calls.count(call) > 1:
                    return call(*arguments)
                if arrives:
                    call(*arguments)
                raise optuna.exceptions.StorageInternalError from disconnected()

            return made

        within.create_new_trial = once_lost(within.create_new_trial)
        within.set_trial_state_values = once_lost(within.set_trial_state_values)
        template = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, user_attrs={"claim": "a"})
        trial = storage.create_new_trial(study, template)
        assert storage.set_trial_state_values(trial, optuna.trial.TrialState.COMPLETE, [0.5])
        assert [found.value for found in storage.get_all_trials(study)] == [0.5]
        with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
            storage.set_trial_state_values(trial, optuna.trial.TrialState.FAIL)


def disconnected():
    import psycopg
    from sqlalchemy.exc import OperationalError

    return OperationalError("", {}, psycopg.OperationalError("server closed the connection unexpectedly"))


def test_a_file_that_is_damaged_is_not_waited_for(connected, tmp_path):
    (tmp_path / "a.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    said, error = connected(f"sqlite:///{tmp_path / 'a.db'}")
    assert (said, "cannot be used" in str(error)) == ([], True)


def test_a_file_that_another_process_keeps_locked_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("backhand.experiments.search.storages.database.PATIENCE", 0.1)
    said = []
    with connect(parse(f"sqlite:///{tmp_path / 'a.db'}"), said.append, patience=0.0) as storage:
        study = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "small")
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NoAnswerError, match="database is locked"):
            storage.set_study_user_attr(study, "a", 1)
        other.execute("ROLLBACK")
        other.close()
        storage.set_study_user_attr(study, "a", 1)


def test_a_connection_that_is_lost_between_two_queries_of_a_call_is_waited_for(postgresql):
    """Optuna makes the second one again, in the same session, which refuses it."""
    from sqlalchemy import event

    said = []
    with connect(parse(postgresql.url(name := postgresql.new_database())), said.append, patience=60.0) as storage:
        study = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "small")
        storage.create_new_trial(study)
        engine, cut = storage.storage._backend.engine, []

        @event.listens_for(engine, "before_cursor_execute")
        def cut_connections(connection, cursor, statement, *_):
            if "FROM trials" in statement and not cut:
                cut.append(statement)
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                postgresql.execute(f"{others}'{name}'")

        assert len(storage.get_all_trials(study)) == 1
    assert (len(cut), "does not answer" in said[0], "answers again" in said[1]) == (1, True, True)
