"""The guides on tables and regression: their data train as their studies say, and their sentences are said."""

import re
from pathlib import Path

import pytest

from backhand import data
from backhand.data.frames.csv_file import read_csv
from backhand.data.frames.options import TableOptions
from backhand.errors import DataError
from backhand.experiments.run import work
from backhand.study import load
from tests.docs.markdown_pages import GUIDES, blocks, run_python

TABLES, REGRESSION = GUIDES / "tables.md", GUIDES / "regression.md"


def test_from_a_table_to_answers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(blocks(TABLES, "python")[0], {})
    Path("sold.toml").write_text(blocks(TABLES, "toml")[0])
    metrics = work.run(load("sold.toml"), Path("runs/sold"), quiet=True)
    assert metrics.test.accuracy > 0.8
    assert metrics.data.features[2:5] == ("heating=district", "heating=gas", "heating=oil")
    run_python(TABLES)


def test_the_study_of_a_regression_explains_the_target(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("diabetes.toml").write_text(blocks(REGRESSION, "toml")[0])
    metrics = work.run(load("diabetes.toml"), Path("runs/diabetes"), quiet=True)
    assert metrics.test_errors.r2 > 0.35
    assert metrics.training.chosen_by == "lowest validation RMSE"
    run_python(REGRESSION)
    assert "'rmse'" in capsys.readouterr().out


GOOD = "a,b,y\n" + "1,red,x\n2,blue,x\n3,red,z\n4,blue,z\n" * 5
CASES = {
    "has no column": (GOOD, TableOptions(label="yy")),
    "and the first line names": (GOOD + "1,2\n", TableOptions(label="y")),
    "names no columns": ("1,2\n3,4\n", TableOptions(label="y")),
    "has infinity in column": (GOOD + "inf,red,x\n", TableOptions(label="y")),
    "has no value in column": (GOOD + ",red,x\n", TableOptions(label="y")),
    "has dates, such as": ("when,y\n" + "2024-01-02,x\n2024-01-03,z\n" * 5, TableOptions(label="y")),
    "too many for categories": ("t,y\n" + "".join(f"text {k},x\n" for k in range(150)), TableOptions(label="y")),
    "and numbers have no separators": (GOOD + '"1,234",red,x\n', TableOptions(label="y")),
    "float64 rounds away": (
        "a,b,y\n" + "".join(f"10000000000000000{k % 10},red,{k % 2}\n" for k in range(20)),
        TableOptions(label="y", drop=("b",)),
    ),
    "which counts as missing": (GOOD + "1,none,x\n", TableOptions(label="y")),
    "which is a number rather than a class": ("a,y\n1,0.5\n2,0.7\n", TableOptions(label="y")),
    "not numbers": (GOOD, TableOptions(targets=("b",))),
}
OF_NEW_ROWS = {
    "has text such as": "a,b\nlow,red\n",
    "which no row of the training data has": "a,b\n1,pink\n",
}


@pytest.mark.parametrize("sentence", OF_NEW_ROWS)
def test_every_error_of_new_rows_is_said(sentence, tmp_path):
    for name, text in {"t.csv": GOOD, "new.csv": OF_NEW_ROWS[sentence]}.items():
        (tmp_path / name).write_text(text)
    encoding = data.load("csv", path=tmp_path / "t.csv", table=TableOptions(label="y")).encoding
    assert encoding is not None
    with pytest.raises(DataError, match=sentence):
        encoding.encode(read_csv(tmp_path / "new.csv"))


@pytest.mark.parametrize("sentence", CASES)
def test_every_error_of_the_table_is_said(sentence, tmp_path):
    text, options = CASES[sentence]
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=re.escape(sentence)):
        data.load("csv", path=tmp_path / "t.csv", table=options)


def test_the_table_has_all_errors():
    said = re.findall(r"^\| `(.+?)` \|", TABLES.read_text("utf-8").partition("## Errors")[2], re.MULTILINE)
    assert set(said) == {*CASES, *OF_NEW_ROWS}
