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


def test_tables_that_do_not_fit_are_refused(runs, cli, tmp_path) -> None:
    (tmp_path / "less.csv").write_text("a\n1\n")
    status, output = cli("predict", runs / "kind", tmp_path / "less.csv", "--out", tmp_path / "answers.csv")
    assert status == 2
    assert 'has no column "colour", which the training data had; add it' in output
    assert not (tmp_path / "answers.csv").exists()
    status, output = cli("predict", runs / "kind", runs / "new.csv", runs / "t.csv")
    assert (status, "name one table at a time" in output) == (2, True)
