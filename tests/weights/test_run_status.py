"""The status of a run, as far as its metrics.json tells it."""

import pytest

from backhand.errors import CheckpointError
from backhand.experiments.run.metrics import Metrics
from backhand.weights.run_status import RunStatus, has_status, read_status
from backhand.weights.source import refuse_diverged


def test_the_form_of_all_figures_extends_it():
    assert issubclass(Metrics, RunStatus)
    assert list(Metrics.model_fields)[:3] == ["version", "status", "message"]


def test_a_diverged_run_is_refused_with_the_reason(tmp_path):
    (tmp_path / "metrics.json").write_text('{"status": "diverged", "message": "the loss is not finite", "data": 1}')
    assert has_status(tmp_path, "finished", "diverged")
    with pytest.raises(CheckpointError, match="which are useless; the loss is not finite"):
        refuse_diverged(tmp_path)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"status": "else"}', '{"status": 1}', "\udcff"])
def test_where_nothing_can_be_read_there_is_none(tmp_path, text):
    if text is not None:
        (tmp_path / "metrics.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_status(tmp_path) is None
    assert not has_status(tmp_path, "running", "finished", "diverged")
    refuse_diverged(tmp_path)
