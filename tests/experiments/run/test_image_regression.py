"""A regression on images from an archive: its run, the arrays behind its report, and what the report shows."""

import json

import numpy as np
import pytest

import backhand as bh
from backhand import attribution, checkpoint
from backhand.data.frames.options import TableOptions
from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.run import evidence, work
from backhand.experiments.run.record import read
from backhand.study import load
from tests.experiments import discs

NAMES = ("radius", "column")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return discs.write(tmp_path_factory.mktemp("discs"))


@pytest.fixture(scope="module")
def run(folder):
    work.run(load(folder / "discs.toml"), folder / "run", quiet=True)
    return folder / "run"


@pytest.fixture(scope="module")
def saved(run):
    return read(run).evidence


@pytest.fixture(scope="module")
def splits(folder):
    return bh.load("npz", path=folder / "discs.npz", table=TableOptions(targets=NAMES))


def test_it_learns(run):
    errors = json.loads((run / "metrics.json").read_text())["test_errors"]
    assert [target["name"] for target in errors["per_target"]] == list(NAMES)
    assert errors["per_target"][0]["r2"]["value"] > 0.5


def test_the_largest_errors_are_those_of_the_predictions(saved, splits):
    fitted, deviations = saved.fitted, splits.train.y.std(0)
    np.testing.assert_array_equal(fitted.targets, splits.test.y[fitted.index])
    size = np.abs((fitted.predictions - fitted.targets) / deviations).max(1)
    index = saved.largest_errors.index
    assert len(index) == 24
    assert size[index].tolist() == pytest.approx(np.sort(size)[::-1][:24].tolist(), rel=0.05)
    np.testing.assert_array_equal(saved.largest_errors.pictures, splits.test.x[index])


def test_training_pictures_are_from_the_least_to_the_largest_value(saved):
    first = saved.samples.targets[:, 0]
    assert (len(first), first.tolist()) == (30, sorted(first))
    assert saved.samples.labels is None


def test_attributions_are_those_of_the_target_with_the_largest_error(run, saved, splits):
    predictor, shown = bh.load_predictor(run), saved.attributions
    x = predictor.standardizer.transform(splits.test.x[shown.index])
    fitted = saved.fitted
    errors = np.abs(fitted.predictions - fitted.targets)[shown.index] / splits.train.y.std(0)
    target = errors.argmax(1)
    np.testing.assert_allclose(shown.saliency, attribution.saliency(predictor.model, x, target), rtol=1e-4, atol=1e-6)
    cam = attribution.grad_cam(predictor.model, x, target, layer=shown.layer)
    np.testing.assert_allclose(shown.grad_cam, cam, rtol=1e-3, atol=1e-5)
    assert shown.grad_cam_true is None


def test_the_report_shows_the_pictures(run, saved):
    page = reports.write(run)
    text, plots = page.with_suffix(".md").read_text("utf-8"), {path.stem for path in (run / "plots").glob("*.png")}
    assert plots >= {"samples", "augmented", "largest-errors", "attributions-errors", "weights-after"}
    assert any(name.startswith("feature-maps-") for name in plots)
    assert "The 24 test pictures with the largest errors of any target, in its standard deviations" in text
    html = page.read_text("utf-8")
    assert f"sample {saved.largest_errors.index[0]}" in html
    assert "radius" in html
    assert "Confusion" not in html


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("sample_targets", "it holds samples but no sample_targets"),
        ("largest_error_index", "it holds largest_errors but no largest_error_index"),
        ("saliency", "it holds attribution_images but no saliency"),
    ],
)
def test_evidence_that_does_not_fit_is_refused(run, tmp_path, missing, said):
    arrays, facts = checkpoint.load(run / "evidence.safetensors")
    checkpoint.save(tmp_path / "evidence.safetensors", {k: v for k, v in arrays.items() if k != missing}, facts)
    with pytest.raises(CheckpointError, match=said):
        evidence.read(tmp_path, 0, 2)


def test_one_target_of_rows(folder, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    np.savez(tmp_path / "rows.npz", x=x, y=x @ [1.0, -2.0, 0.5])
    study = load(folder / "discs.toml", [
        *(f'data.path="{tmp_path / "rows.npz"}"', 'data.target="height"', "data.augment={}", 'model={name="mlp"}'),
        "train.epochs=20",
    ])  # fmt: skip
    metrics = work.run(study, tmp_path / "run", quiet=True)
    assert metrics.test_errors.r2 > 0.9
    assert bh.load_predictor(tmp_path / "run").predict(x).shape == (200, 1)
    assert read(tmp_path / "run").evidence.importance is not None
