"""A callback that a package adds has a name in studies, and its arguments are checked there."""

import sys

import pytest

from backhand import plugins
from backhand.errors import StudyError
from backhand.study import load
from backhand.training.callback_tables import CALLBACKS, make_callback
from tests.plugins.packages import write_metadata

CODE = """
from dataclasses import dataclass

from backhand import Callback


@dataclass(eq=False)
class Shrink(Callback):
    share: float = 0.5
"""


@pytest.fixture
def shrink(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    write_metadata(tmp_path, "backhand-shrink", "0.2", {"backhand.callbacks": {"shrink": "backhand_shrink:Shrink"}})
    (tmp_path / "backhand_shrink.py").write_text(CODE, "utf-8")
    plugins.forget()
    yield
    sys.modules.pop("backhand_shrink", None)
    plugins.forget()


def test_a_study_names_it(shrink, base):
    assert "shrink" in CALLBACKS
    assert make_callback({"kind": "shrink", "share": 0.25}).share == 0.25
    assert load(base, ['callbacks=[{kind="shrink"}]']).callbacks == ({"kind": "shrink"},)
    with pytest.raises(StudyError, match=r'unknown key "shar" of the callback shrink; did you mean "share"\?'):
        load(base, ['callbacks=[{kind="shrink", shar=1}]'])
