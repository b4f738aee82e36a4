"""Where a model comes from, as a published one says it: nothing of the machine that trained it is told."""

import numpy as np
import pytest

from backhand.experiments.run import work
from backhand.experiments.run.predict import load_predictor
from backhand.export import export_model
from backhand.study import load
from backhand.study.keys import places, private_keys
from tests.loggers import trackers

STUDY = """
name = "mine"
callbacks = [{ kind = "limit", steps = 5 }]
[data]
name = "csv"
path = "private_rows.csv"
test = "private_test.csv"
label = "kind"
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
[log]
csv = true
mlflow = { uri = "postgresql://me:secret@host.example/runs" }
"""


@pytest.fixture
def run(tmp_path, monkeypatch, rng):
    trackers.install_mlflow(monkeypatch)
    for name in ("rows", "test"):
        rows = [f"{a:.3f},{b:.3f},{'cat' if a > 0 else 'dog'}" for a, b in rng.normal(size=(40, 2))]
        (tmp_path / f"private_{name}.csv").write_text("\n".join(["a,b,kind", *rows]))
    (tmp_path / "mine.toml").write_text(STUDY)
    work.run(load(tmp_path / "mine.toml"), tmp_path / "first", quiet=True)
    again = load(tmp_path / "mine.toml", [f"train.init_from={tmp_path / 'first'}"])
    work.run(again, tmp_path / "run", quiet=True)
    return tmp_path / "run"


def test_no_file_of_an_export_says_where_anything_lies(run, tmp_path):
    predictor = load_predictor(run)
    settings = predictor.provenance.training.settings
    assert settings["train.epochs"] == 1
    assert not [key for key in settings if key.partition(".")[0] in ("log", "callbacks", "changes", "search")]
    assert not settings.keys() & {"data.path", "data.test", "train.init_from"}
    for path in export_model(predictor, tmp_path / "exported"):
        for private in (str(tmp_path), "private_test", "secret", "host.example"):
            assert private.encode() not in path.read_bytes(), path
    assert np.isfinite(predictor.predict_proba(predictor.read_table(tmp_path / "private_rows.csv"))).all()


def test_every_key_that_says_where_something_lies_is_known():
    assert set(places()) == {"data.path", "data.test", "train.init_from", "extend.run", "extend.path"}
    assert private_keys() == {*places(), "log.mlflow.uri"}
