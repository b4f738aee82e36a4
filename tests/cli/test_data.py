"""`backhand data` from the outside."""

import numpy as np
import pytest

from backhand.data import DATASETS
from backhand.errors import DataError
from tests.cli.datacommand import run
from tests.data import datafiles as df


def test_list_tells_where_each_set_is_or_how_to_get_it(tmp_path):
    df.in_folder(tmp_path / "mnist", df.mnist_files())
    text = run("list", "--data-dir", tmp_path)
    assert all(name in text for name in DATASETS)
    assert "backhand data fetch cifar10" in text
    assert "backhand data fetch mnist" not in text
    assert str(tmp_path / "mnist") in text
    assert "kaggle" in text


def test_list_reads_no_file(tmp_path):
    for name in ("fer2013.csv", "cifar-10-binary.tar.gz", "train-images-idx3-ubyte.gz"):
        (tmp_path / name).write_bytes(b"nothing")
    rows = {line.split()[0]: line for line in run("list", "--data-dir", tmp_path).splitlines() if line.strip()}
    for name in ("mnist", "cifar10", "fer2013"):
        assert "fetch" not in rows[name]
        assert str(tmp_path) in rows[name]


def test_verify_prints_counts(tmp_path):
    path = df.in_zip(
        tmp_path / "pets.zip", {**df.picture_tree(("train", "test"), ("[cat]", "dog")), "test/dog/x.png": b""}
    )
    text = run("verify", "images", "--path", path, "--skip-bad-images")
    rows = [line.split() for line in text.splitlines()]
    assert ["[cat]", "3", "3"] in rows
    assert ["all", "6", "6"] in rows
    assert "skipped images: 1: test/dog/x.png" in text


def test_show_writes_a_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("show", "blobs").strip() == "picture: blobs.png"
    run("show", "digits", "--seed", 3, "--out", tmp_path / "out" / "d.png")
    assert (tmp_path / "blobs.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "d.png").read_bytes().startswith(b"\x89PNG")


def test_the_columns_of_a_table_and_the_targets_of_arrays_are_named(tmp_path):
    rows = "".join(f"{n},{n % 7},{'xz'[n % 2]},{n * 2}\n" for n in range(40))
    (tmp_path / "t.csv").write_text("a,b,kind,price\n" + rows)
    np.savez(tmp_path / "t.npz", x=np.arange(80.0).reshape(40, 2), y=np.arange(40) / 3)
    table, arrays = ("csv", "--path", tmp_path / "t.csv"), ("npz", "--path", tmp_path / "t.npz", "--target", "age")
    assert ["x", "16", "4"] in [line.split() for line in run("verify", *table, "--label", "kind").splitlines()]
    assert "price train test" in " ".join(run("verify", *table, "--target", "price").split())
    for k, options in enumerate(((*table, "--label", "kind"), (*table, "--target", "price"), arrays)):
        run("show", *options, "--out", tmp_path / f"{k}.png")
        assert (tmp_path / f"{k}.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DataError, match="digits takes no label; leave it out"):
        run("show", "digits", "--label", "kind", "--out", tmp_path / "no.png")


@pytest.mark.parametrize("command", ["verify", "show", "fetch"])
def test_errors_are_left_to_the_program(command):
    with pytest.raises(DataError, match='did you mean "digits"'):
        run(command, "digit")


def test_show_draws_a_batch_as_a_study_augments_it(tmp_path):
    study = tmp_path / "flips.toml"
    study.write_text(
        'name = "flips"\n[data]\nname = "digits"\naugment = { flip = true }\n[model]\nname = "mlp"\nhidden = [3]\n'
    )
    run("show", "digits", "--out", tmp_path / "plain.png")
    text = run("show", "digits", "--out", tmp_path / "a.png", "--augmented", study)
    assert f"picture: {tmp_path / 'a.png'}" in text
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "plain.png").read_bytes()
    with pytest.raises(DataError, match="only images are augmented, and breast_cancer is a table"):
        run("show", "breast_cancer", "--out", tmp_path / "b.png", "--augmented", "digits")
    assert not (tmp_path / "b.png").exists()
