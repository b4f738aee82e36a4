"""Columns as numbers: fitted to training rows, applied to others, saved and read back; frames of other libraries."""

from datetime import timedelta

import numpy as np
import pytest

from backhand.data.frames.dataframes import frame_of, is_frame
from backhand.data.frames.encoding import Encoding
from backhand.errors import DataError
from backhand.predictors.facts import SampleFacts

TRAIN = {
    "size": [1.0, 2.0, 4.0, np.nan],
    "colour": ["red", "blue", "red", "green"],
    "sex": ["f", "m", "m", "f"],
    "code": [10, 20, 20, 10],
}


def frame(**changes):
    return frame_of({name: np.array(values) for name, values in (TRAIN | changes).items()})


def test_numbers_stay_and_texts_become_columns_of_0_and_1():
    encoding = Encoding.fit(frame(), TRAIN, missing="mean")
    assert encoding.features == ("size", "colour=blue", "colour=green", "colour=red", "sex=m", "code")
    expected = [
        [1, 0, 0, 1, 0, 10],
        [2, 1, 0, 0, 1, 20],
        [4, 0, 0, 1, 1, 20],
        [7 / 3, 0, 1, 0, 0, 10],
    ]
    np.testing.assert_allclose(encoding.encode(frame()), expected)


@pytest.mark.parametrize(("missing", "fill"), [("mean", 7 / 3), ("median", 2), ("most_frequent", 1)])
def test_missing_values_are_filled_as_asked(missing, fill):
    encoding = Encoding.fit(frame(), ["size", "colour"], missing=missing)
    new = frame(size=[np.nan] * 4, colour=["", "red", "red", "red"])
    encoded = encoding.encode(new)
    assert encoded[:, 0] == pytest.approx(fill)
    assert encoded[0, 1:].tolist() == [0, 0, 1]  # red, the most frequent


def test_a_fill_value_is_of_the_training_rows_and_a_category_of_all():
    beside = frame(size=[1000.0] * 4, colour=["pink"] * 4)
    encoding = Encoding.fit(frame(), ["size", "colour"], missing="mean", beside=beside)
    assert encoding.columns[0].fill == pytest.approx(7 / 3)
    assert encoding.columns[1].fill == "red"
    assert encoding.columns[1].categories == ("blue", "green", "pink", "red")


def test_categories_beyond_2_to_the_53_stay_apart():
    codes = [100000000000000001, 100000000000000002] * 2
    encoding = Encoding.fit(frame(code=codes), ["code"], categories=["code"])
    assert encoding.features == ("code=100000000000000002",)
    assert encoding.encode(frame(code=codes))[:, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("kind", [np.int64, object])
def test_numbers_whose_differences_float64_rounds_away_are_refused(kind):
    times = np.array([1_700_000_000_000_000_001 + step for step in range(4)]).astype(kind)
    with pytest.raises(DataError, match=r'column "code" .* such as 1700000000000000001, and float64 rounds away what'):
        Encoding.fit(frame(code=times), ["code"])
    far = frame(code=times * np.array([1, 2, 3, 4]))
    assert len(Encoding.fit(far, ["code"]).encode(far)) == 4
    same = frame(code=times[[0, 0, 0, 0]])
    assert len(np.unique(Encoding.fit(same, ["code"]).encode(same))) == 1


def test_numbers_that_are_names():
    encoding = Encoding.fit(frame(code=[10, 20, 30, 10]), ["code"], categories=["code"])
    assert encoding.features == ("code=10", "code=20", "code=30")
    assert encoding.encode(frame(code=[30, 10, 10, 20])).argmax(1).tolist() == [2, 0, 0, 1]


def test_an_encoding_survives_json():
    encoding = Encoding.fit(frame(), TRAIN, categories=["code"], missing="median")
    text = SampleFacts(columns=encoding.columns).model_dump_json()
    again = Encoding(SampleFacts.model_validate_json(text).columns)
    assert again == encoding
    np.testing.assert_array_equal(again.encode(frame()), encoding.encode(frame()))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (
            {"colour": ["red", "pink", "red", "red"]},
            r'row 1 of .*, has "pink" in column "colour"',
        ),
        ({"size": ["1", "tall", "2", "3"]}, 'row 1 of the frame, .* has text such as "tall" in column "size", and the'),
        (
            {"size": ["1", "2", "3", "4"]},
            'row 0 of the frame, .* has text such as "1" in column "size", and the training',
        ),
        ({"size": ["", "", "", ""]}, 'row 0 of .* has no value in column "size"'),
        ({"sex": ["f", "", "m", "m"]}, 'row 1 of .* has no value in column "sex"; fill it in or remove the row$'),
        ({"size": [1, np.inf, np.inf, 2]}, r'row 1 of .* has infinity in column "size" \(and in 1 more row\); correct'),
        ({"size": ["2024-01-01"] * 4}, 'has text such as "2024-01-01" in column "size", and the training data has'),
    ],
)
def test_rows_that_do_not_fit_are_refused(new, said):
    encoding = Encoding.fit(frame(size=[1.0, 2, 3, 4]), TRAIN)
    with pytest.raises(DataError, match=said):
        encoding.encode(frame(**({"size": [1.0, 2, 3, 4]} | new)))


def test_a_column_less_than_in_training_is_named():
    encoding = Encoding.fit(frame(size=[1.0, 2, 3, 4]), TRAIN)
    with pytest.raises(DataError, match='has no columns "size", "sex", which the training data had; add them'):
        encoding.encode(frame_of({"colour": np.array(["red"]), "code": np.array([1])}))


def test_missing_values_are_refused_by_default():
    with pytest.raises(DataError, match=r'row 3 of the frame, counted from 0, has no value in column "size"; fill'):
        Encoding.fit(frame(), TRAIN)


def test_infinity_is_refused_in_training_too():
    with pytest.raises(DataError, match=r'row 0 of the frame, counted from 0, has infinity in column "size"; correct'):
        Encoding.fit(frame(size=[-np.inf, 1, 2, 3]), TRAIN)


def test_a_table_without_rows_has_no_features():
    with pytest.raises(DataError, match="the frame has no rows"):
        Encoding.fit(frame(size=[1.0, 2, 3, 4]), TRAIN).encode(frame_of({name: np.array([]) for name in TRAIN}))


def test_a_marker_of_a_missing_value_is_named():
    with pytest.raises(DataError, match=r'has "none", which counts as missing, in column "sex"; fill .* where it is a'):
        Encoding.fit(frame(size=[1.0, 2, 3, 4], sex=["f", "none", "m", "f"]), TRAIN)


def test_columns_that_teach_nothing_are_refused():
    with pytest.raises(DataError, match='column "size" of the frame has no values; leave it out'):
        Encoding.fit(frame(size=[np.nan] * 4), ["size"], missing="mean")
    with pytest.raises(DataError, match="has no column to learn from"):
        Encoding.fit(frame(), [])


def test_frames_of_pandas_and_polars_are_read_alike():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    table = {"a": [1, 2, None], "b": ["x", None, "y"], "c": [True, False, True], "d": ["2024-01-01"] * 3}
    frames = [pandas.DataFrame(table), polars.DataFrame(table)]
    frames[0]["e"] = pandas.Categorical(["u", "v", "u"])
    frames[1] = frames[1].with_columns(polars.Series("e", ["u", "v", "u"], dtype=polars.Categorical))
    for one in frames:
        assert is_frame(one)
        read = frame_of(one)
        assert np.isnan(read.column("a").values[2])
        assert read.column("b").values.tolist() == ["x", "", "y"]
        assert read.column("c").values.tolist() == [1, 0, 1]
        assert read.column("e").values.tolist() == ["u", "v", "u"]
    dates = frame_of(pandas.DataFrame({"d": pandas.to_datetime(["2024-01-01", None])}))
    durations = [pandas.DataFrame({"t": pandas.to_timedelta([90, None], unit="min")})]
    durations.append(polars.DataFrame({"t": [timedelta(minutes=90), None]}))
    durations.append({"t": np.array([timedelta(minutes=90), None])})
    for one in durations:
        np.testing.assert_array_equal(frame_of(one).column("t").values, [5400, np.nan])
    assert dates.column("d").kind == "date"
    assert dates.column("d").missing.tolist() == [False, True]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"a": np.zeros(2), "b": np.zeros(3)}, "have the lengths 2, 3"),
        ({0: np.zeros(2)}, "column 0 of the frame is named 0; name the columns by text"),
        ({"a": np.zeros((2, 2))}, r"has the shape \(2, 2\); a column has one axis"),
        (
            {"a": np.array([[1], [2], None], dtype=object)},
            "holds values of the type list; numbers and text",
        ),
        ({"a": np.array([1, "x"], dtype=object)}, "holds values of the types int, str; make them all numbers, or all"),
    ],
)
def test_what_is_no_table_is_refused(table, said):
    with pytest.raises(DataError, match=said):
        frame_of(table)


def test_an_array_is_no_frame():
    assert not is_frame(np.zeros((2, 2)))
