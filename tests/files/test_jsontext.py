"""JSON without NaN and infinity."""

import json
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from backhand import checkpoint
from backhand.experiments.series.forms import Result
from backhand.files import jsontext
from backhand.files.atomic import write_atomic
from backhand.training.history_file import HistoryFile
from backhand.training.schedules import ReduceOnPlateau

STRANGE = {"loss": nan, "list": [1.5, inf, (-inf, "NaN")], "deep": {"er": [{"x": np.float64("nan")}]}, "n": 3}
PLAIN = {"loss": None, "list": [1.5, None, [None, "NaN"]], "deep": {"er": [{"x": None}]}, "n": 3}


def refuse(constant):
    pytest.fail(f"{constant} is no JSON")


def strict(text):
    return json.loads(text, parse_constant=refuse)


def test_what_is_not_finite_is_null():
    assert strict(jsontext.dumps(STRANGE)) == PLAIN
    assert jsontext.loads(jsontext.dumps(STRANGE)) == PLAIN


def test_what_an_earlier_version_wrote_is_read_as_null():
    assert jsontext.loads('{"a": NaN, "b": [Infinity, -Infinity, 1.0]}') == {"a": None, "b": [None, None, 1.0]}


@given(st.recursive(st.none() | st.floats() | st.text() | st.integers(), lambda c: st.lists(c) | st.tuples(c, c)))
def test_any_value_becomes_json(value):
    strict(jsontext.dumps(value))


def test_files_hold_no_nan(tmp_path):
    write_atomic(tmp_path / "a.json", jsontext.dumps(STRANGE))
    assert strict((tmp_path / "a.json").read_text("utf-8")) == PLAIN
    HistoryFile(tmp_path).append({"epoch": 1, "validation_loss": nan})
    assert strict((tmp_path / "history.jsonl").read_text("utf-8")) == {"epoch": 1, "validation_loss": None}
    checkpoint.save(tmp_path / "c.safetensors", {}, STRANGE)
    with safe_open(tmp_path / "c.safetensors", "numpy") as file:
        assert strict(strict(file.metadata()[checkpoint.KEY])["info"]) == PLAIN
    assert checkpoint.load(tmp_path / "c.safetensors")[1] == PLAIN


def test_a_history_that_is_not_finite_resumes(make_solver, blobs, tmp_path):
    solver, resumed = make_solver(), make_solver()
    solver.fit(*blobs, epochs=1)
    solver.history[0]["validation_loss"] = nan
    checkpoint.save(tmp_path / "state.safetensors", *solver.state())
    resumed.load(*checkpoint.load(tmp_path / "state.safetensors"))
    assert np.isnan(resumed.history[0]["validation_loss"])


def test_a_schedule_that_has_seen_nothing_resumes(tmp_path):
    fresh, resumed = ReduceOnPlateau(0.1), ReduceOnPlateau(0.1)
    resumed.load(jsontext.loads(jsontext.dumps(fresh.state())))
    assert resumed == fresh


def test_figures_of_a_series_that_are_not_finite_are_absent():
    saved = Result(figures={"test_loss": nan, "test_accuracy": 0.5}, history=[{"validation_loss": inf}])
    read = Result.model_validate(jsontext.loads(jsontext.dumps(saved.as_json())))
    assert read.figures == {"test_accuracy": 0.5}
    assert read.history == ({},)


def test_named_numbers_come_back_as_numbers():
    read = jsontext.numbers(jsontext.loads(jsontext.dumps({"loss": inf, "epoch": 3})))
    assert np.isnan(read["loss"])
    assert read["epoch"] == 3


def test_numbers_of_numpy_are_written_as_python_writes_its_own() -> None:
    values = {"a": np.float32(0.5), "b": np.int64(3), "c": np.float32("nan"), "d": True, "e": [np.float64(0.25)]}
    assert jsontext.loads(jsontext.dumps(values)) == {"a": 0.5, "b": 3, "c": None, "d": True, "e": [0.25]}
