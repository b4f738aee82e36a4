"""Groups and tables of plugins: what is imported when, and what is said of those that cannot be used."""

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backhand import plugins
from backhand.errors import BackhandWarning
from backhand.plugins import Group, PluginError, Table
from tests.plugins.packages import write_metadata

GROUP = "backhand.numbers"
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """install("name", "version", {"entry": "module:attribute"}, code="the text of the module")."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def install(name: str, version: str, entries: dict[str, str], code: str = "") -> None:
        write_metadata(tmp_path, name, version, {GROUP: entries})
        (tmp_path / f"{name.replace('-', '_')}.py").write_text(code, "utf-8")
        plugins.forget()

    yield install
    for name in set(sys.modules) - before:
        del sys.modules[name]
    plugins.forget()


def numbers(**own: int) -> Table[int]:
    return Table(own, GROUP, "number", wanted="a whole number", fits=lambda _, value: isinstance(value, int))


def test_a_table_has_its_own_names_and_those_of_plugins(install: Install) -> None:
    install("of-others", "1.2", {"seven": "of_others:SEVEN"}, "SEVEN = 7")
    table = numbers(one=1)
    assert "seven" in table
    assert "of_others" not in sys.modules  # a name is known before anything is imported
    assert (table["one"], table["seven"], table.get("eight")) == (1, 7, None)
    assert dict(table) == {"one": 1, "seven": 7}
    assert len(table) == 2
    assert (table.name_of(1), table.name_of(7), table.name_of(8)) == ("one", "seven", None)
    with pytest.raises(KeyError):
        table["eight"]


def test_what_a_script_adds_comes_first_and_can_be_taken_away(install: Install) -> None:
    install("of-others", "1.2", {"seven": "of_others:SEVEN"}, "SEVEN = 7")
    table = numbers()
    table["seven"] = 77
    assert table["seven"] == 77
    del table["seven"]
    assert table["seven"] == 7


def test_packages_are_noted_when_their_names_are_asked_for(install: Install) -> None:
    install("Of_Others", "1.2", {"seven": "Of_Others:SEVEN"}, "SEVEN = 7")
    install("more", "0.1", {"eight": "more:EIGHT"}, "EIGHT = 8")
    table = numbers()
    assert list(table) == ["eight", "seven"]
    assert plugins.used() == ""
    assert table["seven"] == 7
    assert plugins.used() == "of-others 1.2"
    assert plugins.absent(plugins.used()) == ""
    assert plugins.absent("of-others 1.2, gone-a 1.0, gone-b 2.0") == (
        "gone-a 1.0, gone-b 2.0, which are not installed; install by `pip install gone-a gone-b`"
    )


BROKEN = [
    (
        "import nothing_that_there_is",
        r'the number "seven" of of-others 1\.2 cannot be imported from of_others:SEVEN \(ModuleNotFoundError: No '
        r"module named 'nothing_that_there_is'\); update the package, or remove it by `pip uninstall of-others`",
    ),
    ("SEVEN = 7 +", r"cannot be imported from of_others:SEVEN \(SyntaxError: "),
    ("EIGHT = 8", r"cannot be imported from of_others:SEVEN \(AttributeError: "),
    ("raise ValueError('two\\nlines')", r"\(ValueError: two lines\)"),
    ("SEVEN = 'seven'", r'the number "seven" of of-others 1\.2, of_others:SEVEN, is not a whole number; update'),
]


@pytest.mark.parametrize(("code", "sentence"), BROKEN)
def test_what_cannot_be_used_is_an_error_when_asked_for_and_a_warning_when_listed(
    install: Install, code: str, sentence: str
) -> None:
    install("of-others", "1.2", {"seven": "of_others:SEVEN"}, code)
    table = numbers(one=1)
    with pytest.raises(PluginError, match=sentence):
        table["seven"]
    with pytest.warns(BackhandWarning, match=sentence):
        assert list(table) == ["one"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(table) == ["one"]  # it is said once
    assert plugins.used() == ""


def test_a_name_of_the_program_is_never_replaced(install: Install) -> None:
    install("of-others", "1.2", {"one": "of_others:SEVEN"}, "SEVEN = 7")
    table = numbers(one=1)
    assert table["one"] == 1
    with pytest.warns(BackhandWarning, match=r'of-others 1\.2 adds the number "one", a name that Backhand has too'):
        assert dict(table) == {"one": 1}


def test_two_packages_with_one_name(install: Install) -> None:
    install("of-others", "1.2", {"seven": "of_others:SEVEN"}, "SEVEN = 7")
    install("of-more", "3.0", {"seven": "of_more:SEVEN"}, "SEVEN = 77")
    group = numbers().group
    with pytest.raises(PluginError, match=r'of-more 3\.0 adds the number "seven", a name that of-others 1\.2 has too'):
        group.load("seven")
    with pytest.warns(BackhandWarning, match="uninstall one of the two packages") as said:
        assert group.usable() == {}
    assert len(said) == 2


def test_without_plugins_nothing_is_added() -> None:
    group: Group[int] = Group("backhand.nothing", "thing", "a thing", lambda name, value: True)
    assert group.names() == []
    assert "anything" not in group
    assert group.usable() == {}
