"""The program as a whole: its help, its version, and options that all commands understand alike."""

import errno

import pytest


def test_a_file_that_the_system_refuses_is_named(cli, monkeypatch):
    def refuse() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "studies/secret.toml")

    monkeypatch.setattr("backhand.study.shipped", refuse)
    assert cli("list") == (2, "error: studies/secret.toml: Permission denied")


def test_the_first_help_shows_whole_sentences(cli):
    said = cli("--help")[1]
    assert "..." not in said.partition("Commands:")[2]


@pytest.mark.parametrize("command", [(), ("run",), ("data",), ("data", "verify"), ("ask",), ("bench",)])
def test_every_command_shows_its_help(command, cli):
    short, long = cli(*command, "-h"), cli(*command, "--help")
    assert short == long
    assert short[0] == 0
    assert "Usage: backhand" in short[1]
    assert short[1].isascii()


def test_list_and_version(cli):
    assert all(name in cli("list")[1] for name in ("digits", "mnist-mlp", "cifar10-mlp"))
    assert cli("--version") == (0, "backhand 0.1.0")


def test_a_home_folder_is_known_to_every_option(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    small = ("--set", "train.epochs=1", "--set", "data.train_size=300")
    status, said = cli("run", "digits", *small, "--out=~/run", "--data-dir=~/data")
    assert (status, f"report: {tmp_path}/run/report.html" in said) == (0, True)
    assert cli("report", "~/run")[0] == 0
    assert cli("data", "show", "digits", "--out=~/sheet.png") == (0, f"picture: {tmp_path}/sheet.png")
