"""Searches that an earlier version began."""

import json
import warnings

import pytest

from backhand.errors import BackhandWarning
from backhand.experiments.search import work as search
from backhand.study import load
from tests.experiments import studytexts

TABLE = '"train.optimizer" = [{ kind = "sgd" }, { kind = "adam" }]'
RATE = '"train.optimizer.lr" = [0.1, 0.01]'


@pytest.mark.parametrize(("entries", "ignored"), [((RATE, TABLE), True), ((TABLE, RATE), False)])
def test_keys_that_its_trials_ignored_are_named(tmp_path, entries, ignored):
    file, folder = tmp_path / "s.toml", tmp_path / "search"
    file.write_text(
        studytexts.searched(f'method = "random"\ntrials = 2\nseeds = 1\n[search.space]\n{chr(10).join(entries)}\n')
    )
    search.run(load(str(file)), folder, quiet=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackhandWarning)
        search.resume(folder, quiet=True)  # of this version: nothing was ignored
    record = json.loads((folder / "search.json").read_text())
    del record["version"]
    (folder / "search.json").write_text(json.dumps(record))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.resume(folder, quiet=True)
    messages = [str(warning.message) for warning in caught if warning.category is BackhandWarning]
    assert (
        any("whose trials ignored train.optimizer.lr, which the space has before" in said for said in messages)
        == ignored
    )
