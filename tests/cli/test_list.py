"""`backhand list`, and what the shell is told of it."""

import os
import subprocess
import sys
import tomllib

import pytest

from backhand.study import shipped, shipped_series, shipped_text


def test_it_lists_every_study_and_series(cli):
    status, output = cli("list")
    assert status == 0
    assert all(name in output.split() for name in (*shipped(), *shipped_series()))


@pytest.mark.parametrize("name", ["digits", "images", "r3-faces"])
def test_it_shows_a_study_as_it_is(name, capsys, monkeypatch):
    from backhand.cli import main

    monkeypatch.setattr(sys, "argv", ["backhand", "list", "--show", name])
    with pytest.raises(SystemExit):
        main()
    shown = capsys.readouterr().out
    assert shown == shipped_text(name)
    assert tomllib.loads(shown)["name"] == name


def test_it_shows_a_study_in_a_file(cli, tmp_path):
    (tmp_path / "mine.toml").write_text('name = "mine"  # so far\n', "utf-8")
    assert cli("list", "--show", tmp_path / "mine.toml") == (0, 'name = "mine" # so far')
    status, output = cli("list", "--show", tmp_path / "other.toml")
    assert (status, "other.toml does not exist" in output) == (2, True)


def test_it_names_the_nearest_study(cli):
    status, output = cli("list", "--show", "digts")
    assert status == 2
    assert 'did you mean "digits"?' in output


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        ("run dig", ["digits"]),
        ("list --show images", ["images"]),
        ("new mnist-cnn", ["mnist-cnn", "mnist-cnn-bn"]),
        ("data show brea", ["breast_cancer"]),
        ("compare spir", ["spirals"]),
        ("predict r", ["run-1"]),
        ("run --resume r", ["run-1"]),
        ("lr-", ["lr-find"]),
    ],
)
def test_the_shell_completes(words, proposed, tmp_path):
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "environment.json").write_text("{}")
    count = len(words.split())
    asked = {"_BACKHAND_COMPLETE": "complete_bash", "COMP_WORDS": f"backhand {words}", "COMP_CWORD": str(count)}
    program = "import sys; from backhand.cli import main; sys.argv[0] = 'backhand'; main()"
    call = [sys.executable, "-c", program]
    done = subprocess.run(call, cwd=tmp_path, env=os.environ | asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == proposed, done.stderr


def test_every_command_has_a_short_form_of_help(cli):
    import typer

    from backhand.cli.app import app

    group = typer.main.get_command(app)
    names = [
        [name, *([] if not hasattr(command, "commands") else [each])]
        for name, command in group.commands.items()
        for each in getattr(command, "commands", [""])
    ]
    for words in [[], ["data"], *names]:
        status, output = cli(*words, "-h")
        assert (status, output.startswith("Usage: backhand")) == (0, True), words
