"""A table as a data set: its splits, labels, targets and weights."""

import numpy as np
import pytest

from backhand import data
from backhand.data.frames.options import TableOptions
from backhand.errors import DataError


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["a,colour,kind,price,w"]
    for n in range(60):
        lines.append(f"{rng.normal():.4f},{'red' if n % 3 else 'blue'},{'cat' if n % 2 else 'dog'},{n * 1.5},{n % 4}")
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    return path


def test_classes_from_a_column(table):
    splits = data.load("csv", path=table, table=TableOptions(label="kind", drop=("price", "w")))
    assert splits.classes == ("cat", "dog")
    assert splits.features == ("a", "colour=red")
    assert (len(splits.train), len(splits.test)) == (48, 12)
    assert np.bincount(splits.test.y).tolist() == [6, 6]
    assert splits.train.x.shape == (48, 2)
    assert not splits.is_regression


def test_numbers_as_classes_are_in_their_order(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"{n},{(10, 9, 2)[n % 3]}\n" for n in range(30)))
    assert data.load("csv", path=tmp_path / "t.csv", table=TableOptions(label="y")).classes == ("2", "9", "10")


def test_targets_and_weights(table):
    options = TableOptions(targets=("price",), sample_weight="w", drop=("kind",))
    splits = data.load("csv", path=table, table=options)
    assert splits.is_regression
    assert splits.classes == ()
    assert splits.targets == ("price",)
    assert splits.train.y.shape == (48, 1)
    assert splits.train.y.dtype == np.float64
    assert splits.features == ("a", "colour=red")
    np.testing.assert_array_equal(splits.train.weights, splits.train.y[:, 0] / 1.5 % 4)


def test_a_file_of_test_rows_and_a_folder(table, tmp_path):
    options = TableOptions(label="kind", drop=("price", "w"))
    rows = table.read_text().splitlines()
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, part in {"train": rows[1:41], "test": rows[41:51], "validation": rows[51:]}.items():
        (folder / f"{name}.csv").write_text("\n".join([rows[0], *part]))
    splits = data.load("csv", path=folder, table=options)
    assert {name: len(split) for name, split in splits.by_name.items()} == {"train": 40, "validation": 10, "test": 10}
    named = TableOptions(label="kind", drop=("price", "w"), test=folder / "test.csv")
    splits = data.load("csv", path=folder / "train.csv", table=named)
    assert (len(splits.train), len(splits.test)) == (40, 10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (TableOptions(), "name the column to predict, label for classes or target for numbers"),
        (TableOptions(label="price"), 'has 1.5 as its label "price", which is a number rather than a class'),
        (
            TableOptions(targets=("kind",)),
            'the target "kind" of .* has text such as "dog", not numbers; for',
        ),
        (TableOptions(label="kind", sample_weight="colour"), 'the column of weights "colour" of .* must have numbers'),
        (TableOptions(label="kind", drop=("prise",)), r'no column "prise"; did you mean "price"\?'),
    ],
)
def test_what_is_wrong_with_the_columns_is_said(table, options, said):
    with pytest.raises(DataError, match=said):
        data.load("csv", path=table, table=options)


def test_diabetes_is_that_of_scikit_learn():
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    splits = data.load("diabetes")
    assert (len(splits.train), len(splits.test), splits.targets) == (354, 88, ("progression",))
    rows = {tuple(row): target for row, target in zip(x.tolist(), y.tolist(), strict=True)}
    for split in (splits.train, splits.test):
        assert [rows[tuple(row)] for row in split.x.tolist()] == split.y[:, 0].tolist()
