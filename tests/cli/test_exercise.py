"""`backhand exercise`: what it writes and says, and its errors."""

from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str]]


def test_exercises_are_written(cli: Cli, tmp_path: Path) -> None:
    code, said = cli("exercise", tmp_path / "course", "--convention", "cs231n", "--layers", "linear, relu")
    assert code == 0
    assert "to write: 4 functions of linear, relu" in said
    assert "remove it before you hand the folder out" in said
    assert (tmp_path / "course" / "solution" / "layers.py").is_file()
    assert (tmp_path / "course" / "derivations" / "linear.md").is_file()
    assert "NotImplementedError" in (tmp_path / "course" / "layers.py").read_text("utf-8")


def test_without_the_solution(cli: Cli, tmp_path: Path) -> None:
    code, said = cli("exercise", tmp_path, "--convention", "dlfs", "--no-solution")
    assert code == 0
    assert "solution:" not in said
    assert not (tmp_path / "solution").exists()


def test_the_conventions_are_listed(cli: Cli) -> None:
    code, said = cli("exercise", "--list")
    assert code == 0
    assert all(word in said for word in ("cs231n", "dlfs", "NumPy", "functions with a cache"))
    assert "linear, relu" in cli("exercise", "--list", "--convention", "cs231n")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new", "--convention", "cs321n"], 'unknown convention "cs321n"; did you mean "cs231n"?'),
        (["new", "--convention", "cs231n", "--layers", "relu,lineer"], 'no layer "lineer"; did you mean "linear"?'),
        (["new"], "name a folder and a convention"),
        (["--convention", "cs231n"], "name a folder and a convention"),
        (["used", "--convention", "cs231n"], "used exists and is not empty; name another folder"),
        (["file", "--convention", "cs231n"], "file is a file; name a folder"),
    ],
)
def test_mistakes_are_told(
    arguments: list[str], message: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("used").mkdir()
    Path("used", "mine.py").write_text("", "utf-8")
    Path("file").write_text("", "utf-8")
    code, said = cli("exercise", *arguments)
    assert code == 2
    assert message in said
    assert not Path("new").exists()
    assert len(list(Path("used").iterdir())) == 1
