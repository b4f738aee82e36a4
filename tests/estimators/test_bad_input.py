"""Labels, targets and tables that do not fit: one sentence, of the estimator and of the model that it saved."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

import backhand as bh
from backhand.estimators import BackhandClassifier, BackhandRegressor

pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::sklearn.exceptions.DataConversionWarning"
)

N = 60
ROWS = np.random.default_rng(0).normal(size=(N, 2))
MEASURED = ROWS[:, 0] / 3
WORDS = ["a", "b"] * (N // 2)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
MEASURED_FORMS = {
    "float64": MEASURED,
    "float16": MEASURED.astype(np.float16),
    "list": MEASURED.tolist(),
    "objects": MEASURED.astype(object),
    "decimals": [Decimal("0.5"), Decimal("1.5")] * (N // 2),
    "pandas": pandas.Series(MEASURED),
    "nullable": pandas.Series(MEASURED).astype("Float64"),
    "a frame": pandas.DataFrame({"y": MEASURED}),
    "polars": polars.Series(MEASURED),
    "halves": [0.5, 1.5] * (N // 2),
}
WORD_FORMS = {
    "list": WORDS,
    "array": np.array(WORDS),
    "objects": np.array([1.5] * (N - 1) + ["two"], dtype=object),
    "bytes": np.array(WORDS, dtype="S1"),
    "pandas": pandas.Series(WORDS, dtype="string"),
    "categories": pandas.Series(WORDS, dtype="category"),
    "a frame": pandas.DataFrame({"y": WORDS}),
    "polars": polars.Series(WORDS),
}


@pytest.mark.parametrize("form", MEASURED_FORMS)
def test_labels_that_are_measured_are_refused_by_a_classifier(form):
    said = r"y has numbers such as -?[0-9.]+, which are measured rather than classes; use BackhandRegressor$"
    with pytest.raises(ValueError, match=said):
        BackhandClassifier(**SMALL).fit(ROWS, MEASURED_FORMS[form])
    with pytest.raises(ValueError, match=said):
        BackhandClassifier(**SMALL).partial_fit(ROWS, MEASURED_FORMS[form], classes=[0, 1])


@pytest.mark.parametrize("missing", [None, pandas.NA, float("nan")], ids=str)
def test_a_label_that_is_missing_is_named_with_its_row(missing):
    y = np.array([*WORDS[:-1], missing], dtype=object)
    with pytest.raises(ValueError, match="Input y contains NaN: row 59, counted from 0, has no label; remove the row"):
        BackhandClassifier(**SMALL).fit(ROWS, y)


def test_words_for_what_is_missing_may_be_labels():
    y = np.array(["none", "?"] * (N // 2), dtype=object)
    assert BackhandClassifier(**SMALL).fit(ROWS, y).classes_.tolist() == ["?", "none"]


@pytest.mark.parametrize("form", WORD_FORMS)
def test_a_target_of_text_is_refused_by_a_regressor(form):
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=r"^y has text, and a regression needs numbers \(.*\); use BackhandClass"):
            getattr(BackhandRegressor(**SMALL), method)(ROWS, WORD_FORMS[form])


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (pandas.Series(pandas.date_range("2024", periods=N)), "y has dates, and a regression needs numbers, such as"),
        ([date(2024, 1, 1)] * N, r"y has values that are not numbers \(.*date.*\), which a regression needs"),
        ([{}] * N, r"y has values that are not numbers \(.*dict.*\), which a regression needs"),
    ],
    ids=["timestamps", "dates", "dictionaries"],
)
def test_a_target_of_dates_is_refused_by_a_regressor(y, said):
    with pytest.raises(ValueError, match=said):
        BackhandRegressor(**SMALL).fit(ROWS, y)


TABLES = {
    "numbers": {"a": ROWS[:, 0], "b": ROWS[:, 1]},
    "with text": {"a": ROWS[:, 0], "b": ROWS[:, 1], "colour": ["red", "blue", "green"] * (N // 3)},
}
LIBRARIES = {"pandas": pandas.DataFrame, "polars": polars.DataFrame}
CHANGES = {
    "text": (
        {"b": ["x"] * N},
        'row 0 of the frame, .* has text such as "x" in column "b", and the training data has numbers',
    ),
    "dates": (
        {"b": [date(2024, 1, 1)] * N},
        'has dates such as "2024-01-01.*" in column "b", and the training data has numbers',
    ),
    "missing": (
        {"b": [None, *ROWS[1:, 1]]},
        'row 0 of the frame, counted from 0, has no value in column "b"; fill',
    ),
    "infinite": (
        {"b": [np.inf, *ROWS[1:, 1]]},
        'row 0 of the frame, counted from 0, has infinity in column "b"; corr',
    ),
    "unseen": (
        {"colour": ["pink"] * N},
        'has "pink" in column "colour", which no row of the training data has; known',
    ),
    "a number": ({"colour": [3] * N}, 'has "3" in column "colour", which no row of the training data has'),
    "lists": ({"b": [[1]] * N}, 'column "b" of the frame holds values of the type'),
}


@pytest.fixture(scope="module", params=[BackhandClassifier, BackhandRegressor])
def estimator(request):
    return request.param


@pytest.fixture(scope="module", params=LIBRARIES)
def frame_of(request):
    return LIBRARIES[request.param]


def fitted(estimator, frame):
    return estimator(**SMALL).fit(frame, np.arange(N) % 2)


def saved(fitted, folder):
    fitted.save(folder / "model.safetensors")
    return bh.load_model(folder / "model.safetensors")


@pytest.mark.parametrize("table", TABLES)
def test_a_saved_model_takes_the_tables_of_its_estimator(estimator, frame_of, table, tmp_path):
    frame = frame_of(TABLES[table])
    trained = fitted(estimator, frame)
    model = saved(trained, tmp_path)
    answers = model.predict(frame)
    assert answers.reshape(N).astype(float) == pytest.approx(trained.predict(frame), abs=1e-5)
    turned = {name: TABLES[table][name] for name in reversed(TABLES[table])} | {"more": [1] * N}
    np.testing.assert_array_equal(model.predict(frame_of(turned)), answers)


@pytest.mark.parametrize("table", TABLES)
def test_a_column_less_or_renamed_is_named(estimator, frame_of, table, tmp_path):
    trained, columns = fitted(estimator, frame_of(TABLES[table])), dict(TABLES[table])
    model, b = saved(trained, tmp_path), columns.pop("b")
    sentence = 'the frame has no column "b", which the training data had; add it'
    theirs = "Feature names seen at fit time, yet now missing:\n- b"  # what scikit-learn's own checks demand
    for other in (frame_of(columns), frame_of(columns | {"B": b})):
        with pytest.raises(ValueError, match=theirs if table == "numbers" else sentence):
            trained.predict(other)
        with pytest.raises(bh.DataError, match=sentence):
            model.predict(other)


@pytest.mark.parametrize(
    ("table", "change"),
    [(table, c) for table in TABLES for c in CHANGES if CHANGES[c][0].keys() <= TABLES[table].keys()],
)
def test_a_column_of_other_values_is_named(estimator, frame_of, table, change, tmp_path):
    changed, said = CHANGES[change]
    trained = fitted(estimator, frame_of(TABLES[table]))
    other = frame_of(TABLES[table] | changed)
    with pytest.raises(ValueError, match=said):
        trained.predict(other)
    with pytest.raises(bh.DataError, match=said):
        saved(trained, tmp_path).predict(other)


def test_a_column_too_many_is_refused_among_numbers_as_scikit_learn_does(estimator, frame_of):
    trained = fitted(estimator, frame_of(TABLES["numbers"]))
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- more"):
        trained.predict(frame_of(TABLES["numbers"] | {"more": [1] * N}))


@pytest.mark.parametrize("table", TABLES)
def test_a_dictionary_of_columns_is_a_table(estimator, table):
    trained = fitted(estimator, {name: np.array(column) for name, column in TABLES[table].items()})
    assert trained.feature_names_in_.tolist() == list(TABLES[table])
    assert trained.predict(pandas.DataFrame(TABLES[table])).shape == (N,)


@pytest.mark.parametrize("column", [[None] * 3 + [1.0] * (N - 3), [1, "x"] * (N // 2), [date(2024, 1, 1)] * N], ids=str)
def test_a_table_that_cannot_be_learnt_from_is_refused(estimator, column):
    with pytest.raises(
        ValueError, match=r'column "b" of the frame (has|holds)|row 0 .* has no value in column'
    ) as said:
        fitted(estimator, pandas.DataFrame({"a": ROWS[:, 0], "b": pandas.Series(column, dtype=object)}))
    assert "missing to" not in str(said.value)  # an estimator has no such parameter


def test_rows_in_place_of_a_table_with_text_are_refused(estimator, tmp_path):
    trained = fitted(estimator, pandas.DataFrame(TABLES["with text"]))
    with pytest.raises(ValueError, match="the network was fitted to a table with named columns; give such a table"):
        trained.predict(ROWS)
    with pytest.raises(bh.DataError, match=r"samples of shape \(5,\), and was given an array of shape \(60, 2\)"):
        saved(trained, tmp_path).predict(ROWS)
