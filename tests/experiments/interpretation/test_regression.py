"""The interpretation of a regression agrees with its run, its predictor and its model."""

import numpy as np
import pytest

import backhand as bh
from backhand import attribution
from backhand.errors import BackhandError, CheckpointError, DataError
from backhand.experiments.run.record import read
from backhand.experiments.run.work import run
from backhand.study import load
from tests.experiments import discs
from tests.experiments.run.test_regression import STUDY
from tests.notebook.markup import Markup


@pytest.fixture(scope="module")
def tabular(tmp_path_factory):
    """A finished run of diabetes."""
    path = tmp_path_factory.mktemp("tabular")
    (path / "s.toml").write_text(STUDY)
    run(load(path / "s.toml"), path / "run", quiet=True)
    return path / "run"


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """A finished run of discs, images with two targets."""
    folder = discs.write(tmp_path_factory.mktemp("discs"))
    run(load(folder / "discs.toml"), folder / "run", quiet=True)
    return folder / "run"


@pytest.fixture(scope="module")
def seen(tabular):
    return bh.interpret(tabular)


@pytest.fixture(scope="module")
def test():
    return bh.load("diabetes").test


def test_of_a_run_it_has_the_figures_of_its_test(tabular, seen, test):
    errors = read(tabular).metrics.test_errors
    (ours,) = seen.errors_by_target
    assert ours == errors.per_target[0]
    assert seen.targets == ("progression",)
    np.testing.assert_array_equal(seen.truth, test.y)
    np.testing.assert_array_equal(seen.errors, seen.predictions - test.y)
    deviation = read(tabular).metrics.data.targets[0].deviation
    assert np.sqrt(seen.losses.mean()) == pytest.approx(errors.rmse / deviation)


def test_the_largest_losses_come_first(seen):
    top = seen.top_losses(5)
    assert [each.loss for each in top] == sorted(seen.losses, reverse=True)[:5]
    first = top[0]
    assert (first.true, first.predicted) == (seen.truth[first.sample, 0], seen.predictions[first.sample, 0])
    assert first.error == pytest.approx(first.predicted - first.true)
    assert abs(first.error) == np.abs(seen.errors).max()


def test_calibration_is_of_all_samples_in_the_order_of_their_predictions(seen):
    bins = seen.calibration(bins=8)
    assert [each.samples for each in bins] == [11] * 8
    assert [each.predicted for each in bins] == sorted(each.predicted for each in bins)
    weights = [each.samples for each in bins]
    assert np.average([each.true for each in bins], weights=weights) == pytest.approx(seen.truth.mean())
    assert len(seen.calibration("progression", bins=1000)) == 88


def test_a_predictor_and_a_record_say_the_same_as_the_run(tabular, seen, test):
    predictor = bh.load_predictor(tabular)
    for other in (bh.interpret(predictor, test.x, test.y), bh.interpret(predictor, test.x, test.y[:, 0])):
        np.testing.assert_allclose(other.predictions, seen.predictions, rtol=1e-5)
        assert other.targets == seen.targets
        np.testing.assert_allclose(other.saliency([3, 5]), seen.saliency([3, 5]), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(bh.interpret(read(tabular)).predictions, seen.predictions)


def test_a_model_is_looked_at_by_its_own_outputs(tabular, test):
    predictor = bh.load_predictor(tabular)
    x, scores = predictor.standardizer.transform(test.x), (test.y - predictor.loss.center) / predictor.loss.scale
    seen = bh.interpret(predictor.model, x, scores, classes=["score"])
    assert seen.targets == ("score",)
    np.testing.assert_allclose(predictor.loss.predict(seen.predictions), predictor.predict(test.x), rtol=1e-5)
    assert seen.permutation_importance().losses.shape == (10, 10)


def test_saliency_and_importance_are_those_of_the_prediction(tabular, seen, test):
    predictor = bh.load_predictor(tabular)
    x = predictor.standardizer.transform(test.x[[2, 4]])
    np.testing.assert_array_equal(seen.saliency([2, 4]), attribution.saliency(predictor.model, x, 1))
    step = 1e-3 * attribution.input_gradient(predictor.model, x, 1)
    rise = predictor.model.predict(x + step) - predictor.model.predict(x)
    assert (rise > 0).all()
    saved = read(tabular).evidence.importance
    np.testing.assert_allclose(seen.permutation_importance().losses, saved.losses, rtol=1e-4)
    assert len(seen.plot_importance().axes[0].patches) == 10
    assert seen.plot_importance().axes[0].get_xlabel() == "rise of the RMSE"


def test_plots_of_errors_show_the_predictions(seen):
    points = seen.plot_predictions().axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(points, np.c_[seen.truth, seen.predictions])
    residuals = seen.plot_residuals("progression").axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(residuals, np.c_[seen.predictions, seen.errors])
    assert sum(bar.get_height() for bar in seen.plot_errors().axes[0].patches) == 88


def test_images_of_several_targets(pictured):
    seen, predictor = bh.interpret(pictured), bh.load_predictor(pictured)
    assert [each.name for each in seen.errors_by_target] == ["radius", "column"]
    index = np.array([0, 7])
    x = seen.inputs(index)
    hardest = np.abs(seen.errors / seen.deviations).argmax(1)[index]
    expected = attribution.grad_cam(predictor.model, x, hardest)
    np.testing.assert_allclose(seen.grad_cam(index), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(seen.saliency(index, "column"), attribution.saliency(predictor.model, x, 1))
    assert not np.array_equal(seen.saliency(index, 0), seen.saliency(index, 1))
    figures = [seen.plot_top_losses(4), seen.plot_weights(), seen.plot_feature_maps(k=2), seen.plot_attributions(k=3)]
    assert all(figure._repr_png_()[0].startswith(b"\x89PNG") for figure in figures)
    titles = [axes.get_title() for axes in figures[-1].axes[:3]]
    assert titles == seen.row_names(seen.chosen(None, 3))
    assert all(" →\u00a0" in title and "\nerror " in title for title in titles)
    top = seen.top_losses(1)[0]
    assert (top.target in seen.targets, top.loss) == (True, seen.losses.max())


def test_a_notebook_shows_the_main_figures(seen):
    page = Markup(seen._repr_html_())
    assert "88 samples of 1 target" in page.text
    assert str(seen.top_losses(1)[0].sample) in page.text
    assert "RMSE of the mean" in page.text


def test_an_estimator_and_a_regression_of_another_program(test):
    from sklearn.linear_model import LinearRegression

    estimator = bh.BackhandRegressor(hidden_layer_sizes=(8,), max_iter=5, tol=0, random_state=0)
    estimator.fit(test.x, test.y[:, 0])
    ours = bh.interpret(estimator, test.x, test.y[:, 0])
    np.testing.assert_allclose(ours.predictions[:, 0], estimator.predict(test.x))
    assert ours.saliency([0]).shape == (1, 10)
    other = bh.interpret(LinearRegression().fit(test.x, test.y), test.x, test.y, classes=["progression"])
    assert other.errors_by_target[0].r2.value > 0.4
    with pytest.raises(BackhandError, match="LinearRegression holds no network of Backhand"):
        other.saliency()


def test_what_cannot_be_interpreted_is_refused(seen, tabular, test):
    predictor = bh.load_predictor(tabular)
    for y, said in (
        (test.y[:5], "88 samples of a regression need one target each"),
        (np.full(88, "a"), "numbers, not <U1"),
        (np.c_[test.y, test.y], r"targets of shape \(88, 2\) do not fit predictions of shape \(88, 1\)"),
    ):
        with pytest.raises(DataError, match=said):
            bh.interpret(predictor, test.x, y)
    with pytest.raises(DataError, match="2 names do not fit 1 target"):
        bh.interpret(predictor, test.x, test.y, classes=["a", "b"])
    with pytest.raises(BackhandError, match='there is no target "progresion"; did you mean "progression"'):
        seen.calibration("progresion")
    with pytest.raises(BackhandError, match="there is no target 1; they count from 0 to 0"):
        seen.saliency(target=1)
    with pytest.raises(BackhandError, match="rows of a table, not images"):
        seen.plot_attributions()
    with pytest.raises(CheckpointError, match="is not the folder of a single run"):
        bh.interpret(tabular.parent)
