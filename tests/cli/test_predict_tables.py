"""`backhand predict` on the rows of a table: classes and numbers, in the terminal and as CSV."""

import csv
from pathlib import Path

import numpy as np
import pytest

import backhand as bh
from backhand.experiments.run import work
from backhand.study import load


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    folder, rng = tmp_path_factory.mktemp("tables"), np.random.default_rng(0)
    rows = ["a,colour,kind,price"]
    for _ in range(120):
        a, colour = rng.normal(), rng.choice(["red", "blue"])
        rows.append(f"{a:.4f},{colour},{'cat' if a > 0 else 'dog'},{10 * a + 5 * (colour == 'red'):.3f}")
    (folder / "t.csv").write_text("\n".join(rows))
    for name, answer, others in (("kind", 'label = "kind"', '["price"]'), ("price", 'target = "price"', '["kind"]')):
        (folder / f"{name}.toml").write_text(
            f'name = "{name}"\n[data]\nname = "csv"\npath = "t.csv"\n{answer}\ndrop = {others}\n'
            '[model]\nname = "mlp"\n[train]\nepochs = 60\nbatch_size = 10\noptimizer = { kind = "adam", lr = 0.01 }\n'
        )
        work.run(load(folder / f"{name}.toml"), folder / name, quiet=True)
    (folder / "new.csv").write_text("colour,extra,a\nred,1,1.5\nblue,2,-1.5\n")
    return folder


def test_rows_are_classified(runs, cli) -> None:
    status, output = cli("predict", runs / "kind", runs / "new.csv")
    assert status == 0
    assert "row 1 cat" in output
    assert "row 2 dog" in output


def test_numbers_are_predicted(runs, cli, tmp_path) -> None:
    status, output = cli("predict", runs / "price", runs / "new.csv", "--out", tmp_path / "answers.csv")
    assert (status, output.startswith("2 answers: ")) == (0, True)
    (first, second) = csv.DictReader((tmp_path / "answers.csv").read_text().splitlines())
    assert float(first["price"]) == pytest.approx(20, abs=4)
    assert float(second["price"]) == pytest.approx(-15, abs=4)
    predictor = bh.load_predictor(runs / "price")
    exact = predictor.predict(predictor.read_table(runs / "new.csv"))
    assert [float(first["price"]), float(second["price"])] == exact[:, 0].tolist()
    assert "row 1 " in cli("predict", runs / "price", runs / "new.csv")[1]


def test_classes_as_csv_have_their_probabilities(runs, cli, tmp_path) -> None:
    cli("predict", runs / "kind", runs / "new.csv", "--out", tmp_path / "answers.csv")
    rows = list(csv.DictReader((tmp_path / "answers.csv").read_text().splitlines()))
    assert [row["class"] for row in rows] == ["cat", "dog"]
    assert all(float(row["cat"]) + float(row["dog"]) == pytest.approx(1) for row in rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n1\n", '{} has no column "colour", which the training data had; add it'),
        ("b\n1\n", '{} has no columns "a", "colour", which the training data had; add them'),
        ("A,colour\n1,red\n", '{} has no column "a", which the training data had; add it'),
        ("a,colour\nx,red\n", 'line 2 of {} has text such as "x" in column "a", and the training data has numbers'),
        ("a,colour\n2024-01-01,red\n", 'line 2 of {} has dates such as "2024-01-01" in column "a", and the training'),
        ("a,colour\n1,red\n2,pink\n", 'line 3 of {} has "pink" in column "colour", which no row of the training data'),
        ("a,colour\n1,7\n", 'line 2 of {} has "7" in column "colour", which no row of the training data has'),
        ("a,colour\n,red\n", 'line 2 of {} has no value in column "a"; fill it in or remove the row'),
        ("a,colour\n1,red\ninf,red\n", 'line 3 of {} has infinity in column "a"; correct it or remove the row'),
        ("a,colour\n1,red,3\n", "line 2 of {} has 3 values, and the first line names 2 columns; correct the line"),
    ],
)
@pytest.mark.parametrize("name", ["kind", "price", "kind.safetensors"])
def test_tables_that_do_not_fit_are_refused(runs, cli, tmp_path, name, text, said) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(text)
    if name.endswith(".safetensors"):
        bh.load_predictor(runs / "kind").save(runs / name)
    status, output = cli("predict", runs / name, table, "--out", tmp_path / "answers.csv")
    assert status == 2
    assert output.startswith(f"error: {said.format(table)}")
    assert list(tmp_path.iterdir()) == [table]


def test_tables_are_read_one_at_a_time(runs, cli) -> None:
    status, output = cli("predict", runs / "kind", runs / "new.csv", runs / "t.csv")
    assert (status, "name one table at a time" in output) == (2, True)


def test_the_answers_never_replace_what_was_read(runs, cli, tmp_path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("a,colour\n1,red\n")
    status, output = cli("predict", runs / "kind", table, "--out", table)
    assert (status, output) == (2, f"error: {table} holds the data to be read; choose another --out")
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"a picture")
    status, output = cli("predict", runs / "kind", table, "--out", photo)
    assert (status, output) == (
        2,
        f"error: the answers are a table; name a .csv file to write them to, not {photo}",
    )
    status, output = cli("predict", runs / "kind", table, "--out", runs / "kind" / "log.csv")
    assert (status, "log.csv is one of the files of a run; choose another name" in output) == (2, True)
    assert table.read_text() == "a,colour\n1,red\n"
    assert photo.read_bytes() == b"a picture"


@pytest.mark.parametrize("name", ["rows.tsv", "ROWS.CSV", "rows.csv.gz", "rows"])
def test_a_table_may_have_any_name(runs, cli, tmp_path, name) -> None:
    (tmp_path / name).write_text("a\tcolour\n1.5\tred\n")
    assert "row 1 cat" in cli("predict", runs / "kind", tmp_path / name)[1]


def test_tables_are_not_resized(runs, cli) -> None:
    status, output = cli("predict", runs / "kind", runs / "new.csv", "--resize")
    assert (status, output) == (
        2,
        "error: --resize scales images, and this model was trained on a table; leave it out",
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_saved_network_of_an_estimator_reads_tables_by_the_names_of_their_columns(cli, tmp_path) -> None:
    pandas, rng = pytest.importorskip("pandas"), np.random.default_rng(0)
    frame = pandas.DataFrame({"a": rng.normal(size=40), "b": rng.normal(size=40)})
    fitted = bh.BackhandRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0).fit(frame, frame["a"])
    fitted.save(tmp_path / "model.safetensors")
    frame[["b", "a"]].to_csv(tmp_path / "rows.csv", index=False)
    assert cli("predict", tmp_path / "model.safetensors", tmp_path / "rows.csv", "--out", tmp_path / "y.csv")[0] == 0
    answers = [float(row["y"]) for row in csv.DictReader((tmp_path / "y.csv").read_text().splitlines())]
    assert answers == pytest.approx(fitted.predict(frame), abs=1e-6)
