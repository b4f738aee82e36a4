"""The sentence about a package that is missing."""

import pytest

from backhand.errors import BackhandError
from backhand.extras import Extra, MissingExtraError


def test_what_is_not_installed_is_named_with_its_remedy():
    some = Extra("some", {"json": "json", "no_such_module": "no-such-package"})
    with pytest.raises(MissingExtraError) as error:
        some.require("a thing")
    assert str(error.value) == "a thing needs no-such-package; install it by `pip install 'backhand[some]'`"
    assert isinstance(error.value, BackhandError)
    assert not some.is_installed()


def test_what_is_there_is_imported():
    there = Extra("there", {"json": "json", "html.parser": "html"})
    there.require("a thing")
    assert there.is_installed()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("raise ImportError('a library is missing')", "a library"),
        ("import not_there_either", "No module"),
    ],
)
def test_what_is_installed_and_broken_says_why(line, reason, tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text(line, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        MissingExtraError, match=rf"^a thing needs broken, which cannot be imported \({reason}.*\); install"
    ):
        Extra("some", {"broken_package": "broken"}).require("a thing")
