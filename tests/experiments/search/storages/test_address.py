"""Addresses of storages: what is one, and that no password is shown, saved or sent."""

import pytest

from backhand.errors import BackhandError
from backhand.experiments.search.storages.address import chosen, of_this_machine, parse, without_password

SECRETS = [
    "postgresql://me:secret@host/trials",
    "postgresql://me:sec/ret@host/trials",
    "postgresql://me:sec@ret@host/trials",
    "postgresql://:secret@host/trials",
    "postgresql:/me:secret@host/trials",
    "mysql+pymysql://me:secret@host/trials",
    "postgresql://me@host/trials?password=secret",
    "grpc://me:secret@host:13000",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_password_on_the_command_line_is_refused(text):
    with pytest.raises(BackhandError, match="list of processes; leave it out, and put it into PGPASSWORD") as refused:
        chosen(text, {})
    assert "sec" not in str(refused.value)


def test_the_option_comes_before_the_environment():
    environment = {"BACKHAND_STORAGE": SECRETS[0]}
    assert chosen("journal:a", environment) == "journal:a"
    assert chosen(None, environment) == SECRETS[0]
    assert chosen(None, {"BACKHAND_STORAGE": ""}) is None


@pytest.mark.parametrize("text", ["postgresql://me@host:5432/trials", "sqlite:////a/b.db", "journal:c:d", "grpc://h:1"])
def test_addresses_without_a_password_are_taken(text):
    assert chosen(text, {}) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@host:5433/trials?password=secret&sslmode=require", "postgresql://me@host:5433/trials"),
        ("postgresql+psycopg://me:secret@host/trials", "postgresql://me@host/trials"),
        ("sqlite:////disk/trials.db", "sqlite:////disk/trials.db"),
        ("journal:/disk/trials.journal", "journal:/disk/trials.journal"),
        ("grpc://host", "grpc://host:13000"),
        ("grpc://[::1]:9/", "grpc://[::1]:9"),
    ],
)
def test_an_address_is_shown_without_its_password(text, shown):
    assert parse(text).shown == shown
    assert "secret" not in repr(parse(text))


def test_a_journal_is_a_file_wherever_the_process_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("journal:trials").path == parse("journal:~/trials").path == tmp_path / "trials"


@pytest.mark.parametrize(
    "text", ["journal:", "journal://host/file", "grpc://", "grpc://h:99999", "grpc:h", "x", "a://b:c"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BackhandError, match="write"):
        parse(text)


def test_other_machines_are_sent_no_password_and_take_their_own():
    secret = "postgresql://me:secret@host/trials?password=secret&sslmode=require"
    sent = without_password(secret)
    assert sent == "postgresql://me@host/trials?sslmode=require"
    assert of_this_machine(sent, {"BACKHAND_STORAGE": secret}) == secret
    assert of_this_machine(sent, {"BACKHAND_STORAGE": SECRETS[0]}) == sent
    assert of_this_machine(sent, {}) == sent
    assert without_password("journal:/a") == "journal:/a"
