"""Callbacks as tables: made with their arguments, or refused in a sentence that names the key."""

from dataclasses import dataclass

import pytest

from backhand.training.callback_tables import CALLBACKS, make_callback
from backhand.training.callbacks import Callback, Limit


@dataclass(eq=False)
class Mine(Callback):
    names: tuple[str, ...]
    share: float = 0.5


@pytest.fixture
def mine(monkeypatch):
    monkeypatch.setitem(CALLBACKS, "mine", Mine)


def test_a_table_makes_a_callback_with_its_arguments(mine):
    limit = make_callback({"kind": "limit", "steps": 30})
    assert (type(limit), limit.steps, limit.seconds) == (Limit, 30, None)
    one = make_callback({"kind": "mine", "names": ["a", "b"], "share": 1})
    assert (type(one), list(one.names), one.share) == (Mine, ["a", "b"], 1)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"kind": "limt"}, 'unknown callback "limt"; did you mean "limit"?'),
        ({"steps": 3}, 'unknown callback ""'),
        ({"kind": "limit", "step": 3}, 'unknown key "step" of the callback limit; did you mean "steps"?'),
        ({"kind": "limit", "steps": "3"}, "steps of the callback limit cannot be '3'"),
        ({"kind": "limit", "steps": True}, "steps of the callback limit cannot be True"),
        ({"kind": "limit", "steps": 0}, "the callback limit: the limit must be 1 step or more, not 0"),
        ({"kind": "mine"}, 'the callback mine needs the key "names"'),
    ],
)
def test_a_table_that_is_wrong_is_refused(mine, table, sentence):
    with pytest.raises(ValueError, match="callback") as error:
        make_callback(table)
    assert str(error.value).startswith(sentence)
