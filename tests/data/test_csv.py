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


def labelled(tmp_path, names):
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"{n},{names[n % len(names)]}\n" for n in range(30)))
    return data.load("csv", path=tmp_path / "t.csv", table=TableOptions(label="y"))


@pytest.mark.parametrize(
    "names",
    [
        ("FALSE", "TRUE"),
        ("mild", "none", "severe"),
        ("2", "100000000000000001", "100000000000000002"),
        ("1", "2", "none"),
        ("1_000", "2_000"),
    ],
)
def test_classes_have_the_names_that_stand_in_the_file(tmp_path, names):
    splits = labelled(tmp_path, names)
    assert splits.classes == names
    assert splits.train.y.tolist() == [int(a) % len(names) for a in splits.train.x[:, 0]]


def test_a_label_that_counts_as_missing_is_named(tmp_path):
    with pytest.raises(
        DataError, match=r'line 3 of .* has "NA", which counts as missing, in column "y" .* it is a name'
    ):
        labelled(tmp_path, ("x", "NA", "z"))


def test_missing_values_are_filled_by_the_rows_outside_the_test_split(tmp_path):
    lines = [f"{'' if n % 7 == 3 else n**2},{n % 2}" for n in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["a,y", *lines]))
    splits = data.load("csv", path=tmp_path / "t.csv", table=TableOptions(label="y", missing="mean"))
    fill = splits.encoding.columns[0].fill
    squares = set((np.arange(60) ** 2).tolist())
    known = [value for value in splits.train.x[:, 0].tolist() if value in squares]
    assert fill == pytest.approx(np.mean(known))
    assert sum(value == np.float32(fill) for value in splits.test.x[:, 0].tolist()) > 0
    assert "outside the test split" in splits.notes["missing values"]


def test_a_category_that_only_test_rows_have_is_known(tmp_path):
    held = data.load("csv", path=write_rows(tmp_path), table=TableOptions(label="y")).test.x[0, 0]
    splits = data.load("csv", path=write_rows(tmp_path, rare=int(held)), table=TableOptions(label="y"))
    assert splits.features == ("n", "c=often", "c=rare", "c=seldom")
    assert splits.train.x[:, 2].sum() == 0
    assert splits.test.x[:, 2].sum() == 1


def write_rows(tmp_path, rare=-1):
    names = ["rare" if n == rare else "often" if n % 3 else "seldom" for n in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["n,c,y", *(f"{n},{names[n]},{n % 2}" for n in range(40))]))
    return tmp_path / "t.csv"


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
    with pytest.raises(DataError, match=r"is a folder, whose test rows are in its test\.csv; leave out .*test\.csv"):
        data.load("csv", path=folder, table=named)


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
        (TableOptions(label="kind", categories=("colours",)), r'no column "colours"; did you mean "colour"\?'),
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
