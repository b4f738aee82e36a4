"""Callbacks as tables: made with their arguments, or refused in a sentence that names the key."""

from dataclasses import dataclass

import pytest

from backhand.training.callback_tables import CALLBACKS, make_callback
from backhand.training.callbacks import Callback, Limit


@dataclass(eq=False)
class Mine(Callback):
    names: tuple[str, ...]
    share: float = 0.5


class ByPosition(Callback):
    def __init__(self, share: float, /) -> None:
        self.share = share


class Open(Callback):
    def __init__(self, share: float = 0.5, *others: float, **rest: float) -> None:
        self.share, self.others, self.rest = share, others, rest


class Fails(Callback):
    def __init__(self, share: float | None = None) -> None:
        self.share = 2 * share


class Typed(Callback):
    def __init__(self, frame: "DataFrame" = None) -> None:  # noqa: F821
        self.frame = frame


OWN = {"mine": Mine, "by_position": ByPosition, "open": Open, "fails": Fails, "typed": Typed}


@pytest.fixture
def mine(monkeypatch):
    for name, kind in OWN.items():
        monkeypatch.setitem(CALLBACKS, name, kind)


def test_a_table_makes_a_callback_with_its_arguments(mine):
    limit = make_callback({"kind": "limit", "steps": 30})
    assert (type(limit), limit.steps, limit.seconds) == (Limit, 30, None)
    one = make_callback({"kind": "mine", "names": ["a", "b"], "share": 1})
    assert (type(one), one.names, one.share) == (Mine, ("a", "b"), 1)
    assert make_callback({"kind": "open", "share": 0.25}).share == 0.25
    assert make_callback({"kind": "typed"}).frame is None


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
        ({"kind": "by_position"}, 'the callback by_position takes "share" by position alone, which no table can give'),
        ({"kind": "open", "rest": 1.0}, 'unknown key "rest" of the callback open; known: share'),
        ({"kind": "open", "others": [1.0]}, 'unknown key "others" of the callback open; known: share'),
        ({"kind": "fails"}, "the callback fails cannot be made (TypeError: unsupported operand"),
        ({"kind": "typed", "frame": 1}, "the types of the arguments of the callback typed cannot be read (NameError: "),
    ],
)
def test_a_table_that_is_wrong_is_refused(mine, table, sentence):
    with pytest.raises(ValueError, match="callback") as error:
        make_callback(table)
    assert str(error.value).startswith(sentence)
