"""Paths as text or paths, with a home folder; commands that a shell takes apart into the same words."""

import os
import shlex
from pathlib import Path, PurePosixPath

import pytest

from backhand.errors import BackhandError
from backhand.files.paths import as_path, command, without_password


def test_text_and_paths_become_paths(monkeypatch):
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", "/home/ada")
    assert as_path("runs/x") == as_path(Path("runs/x")) == as_path(PurePosixPath("runs/x")) == Path("runs/x")
    assert as_path("~/runs") == as_path(Path("~/runs")) == Path("/home/ada/runs")
    assert as_path("~no-such-user/runs") == Path("~no-such-user/runs")
    assert as_path("runs/~") == Path("runs/~")
    assert as_path(None) is None
    with pytest.raises(BackhandError, match=r"the path is empty; name a file or folder, or write \. for"):
        as_path("")


def test_without_a_home_folder_its_short_name_is_refused(monkeypatch):
    def expanduser(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", expanduser)
    with pytest.raises(BackhandError, match=r"^~/runs: there is no home folder to stand for ~; write"):
        as_path("~/runs")


@pytest.mark.parametrize(
    "words",
    [
        ("backhand", "run", "digits"),
        ("backhand", "run", "--out", "a; rm -rf b"),
        ("backhand", "report", "my 'own' $HOME `x` \\ runs"),
        ("backhand", "run", "--set", 'data.path="é 数 \N{GRINNING FACE}"', ""),
        ("backhand", "run", "a\nb"),
    ],
)
def test_a_command_is_taken_apart_into_the_same_words(words):
    assert tuple(shlex.split(command(words))) == words


def test_a_path_in_a_command_is_never_taken_for_an_option():
    assert command(["backhand", "run", Path("-x.toml"), "--out", Path("a-b")]) == "backhand run ./-x.toml --out a-b"


def test_a_command_can_always_be_written():
    assert command([Path(os.fsdecode(b"caf\xe9"))]).encode("utf-8") == b"'caf\\udce9'"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("postgresql://ada:s3cret@host:5432/db", "postgresql://ada:***@host:5432/db"),
        ("postgresql+psycopg://ada:@host/db", "postgresql+psycopg://ada:***@host/db"),
        ("sqlite:////tmp/a:b@c.db", "sqlite:////tmp/a:b@c.db"),
        ("http://host:80/a:b@c", "http://host:80/a:b@c"),
        ("user:password@host", "user:password@host"),
    ],
)
def test_the_password_of_an_address_is_left_out(word, expected):
    assert without_password(word) == expected
