"""Runs that start from other runs' weights, train a part of them, are resumed, and say what they did."""

import json
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from backhand import checkpoint
from backhand.experiments.run import work
from backhand.study import load

STUDY = """
name = "{name}"
[data]
{data}
standardize = "channel"
[model]
name = "sequential"
layers = [
    {{ kind = "conv2d", outputs = {width}, kernel = 3, padding = "same" }},
    {{ kind = "batchnorm" }},
    {{ kind = "residual", body = [{{ kind = "conv2d", outputs = {width}, kernel = 3, padding = "same" }}] }},
    {{ kind = "relu" }},
    {{ kind = "global_avg_pool2d" }},
    {{ kind = "dropout", p = 0.1 }},
    {{ kind = "linear", outputs = {outputs} }},
]
[train]
epochs = 2
batch_size = 64
keep_states = true
{more}
"""
DIGITS = 'name = "digits"\ntrain_size = 200'
FROZEN = 'init_from = "first"\nfreeze = [":2", "2.body"]'


def study(path: Path, data: str = DIGITS, width: int = 6, outputs: int = 10, more: str = "") -> Path:
    path.write_text(STUDY.format(name=path.stem, data=data, width=width, outputs=outputs, more=more), "utf-8")
    return path


def pictures(folder: Path, mode: str) -> str:
    """A few of the digits 0, 1 and 2 as files of pictures; returns the keys of a study's `data` table."""
    digits = load_digits()
    for k in range(3):
        (folder / str(k)).mkdir(parents=True)
        for i, image in enumerate(digits.images[digits.target == k][:40]):
            Image.fromarray((image * 15).astype(np.uint8)).convert(mode).save(folder / str(k) / f"{i}.png")
    return f'name = "images"\npath = "{folder.name}"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Holds pictures of three classes in grey and in colour, and the run `first`, trained on all ten digits."""
    folder = tmp_path_factory.mktemp("transfer")
    pictures(folder / "grey", "L")
    pictures(folder / "colour", "RGB")
    trained(study(folder / "first.toml"), folder / "first")
    return folder


def trained(file: Path, run: Path, *overrides: str, resume: bool = False) -> Path:
    """Train without writing a report."""
    work.run(load(str(file), overrides), run, resume=resume, quiet=True)
    return run


def metrics_of(run: Path) -> dict:
    return json.loads((run / "metrics.json").read_text("utf-8"))


def weights(run: Path, file: str = "state.safetensors") -> dict[str, np.ndarray]:
    arrays, _ = checkpoint.load(run / file)
    return {name.removeprefix("model."): value for name, value in arrays.items() if name.startswith("model.")}


def test_a_run_starts_from_another_with_a_new_head(folder, cli, tmp_path):
    own = study(folder / "second.toml", 'name = "images"\npath = "grey"', outputs=3, more='init_from = "first"')
    status, output = cli("run", own, "--out", tmp_path / "run", "--set", "train.optimizer={kind='sgd', lr=1e-30}")
    assert (status, "the head, layer 6, starts from new weights: 10 -> 3 outputs" in output) == (0, True), output
    first, second = weights(folder / "first", "best.safetensors"), weights(tmp_path / "run")
    for name in ("0.weight", "1.gamma", "2.body.0.weight", "2.body.0.bias"):  # at that rate nothing moves
        np.testing.assert_array_equal(second[name], first[name], err_msg=name)
    start = metrics_of(tmp_path / "run")["init_from"]
    assert start["source"] == str(folder / "first")
    assert start["changes"] == ["the head, layer 6, starts from new weights: 10 -> 3 outputs"]
    page = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert f"they come from {folder / 'first'} (SHA-256 {start['sha256']})" in " ".join(page.split())


def test_the_option_counts_from_where_one_is_and_the_key_from_its_file(folder, cli, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    copyfile(folder / "first" / "best.safetensors", "kept.safetensors")
    own = study(tmp_path / "own.toml", more='init_from = "here/kept.safetensors"')
    trained(own, Path("a"))
    assert cli("run", study(tmp_path / "plain.toml"), "--init-from", "kept.safetensors", "--out", "b")[0] == 0
    for name, value in weights(Path("a")).items():
        np.testing.assert_array_equal(weights(Path("b"))[name], value)
    assert metrics_of(Path("b"))["init_from"]["source"] == str(tmp_path / "here" / "kept.safetensors")


def test_colours_are_summed_for_grey_images(folder, cli, tmp_path):
    colour = study(folder / "coloured.toml", 'name = "images"\npath = "colour"', outputs=3)
    trained(colour, tmp_path / "colour")
    grey = study(folder / "grey.toml", 'name = "images"\npath = "grey"', outputs=3, more='freeze = ["0"]')
    status, output = cli("run", grey, "--init-from", tmp_path / "colour", "--out", tmp_path / "grey")
    said = "the weights of layer 0 were summed over the three colours, for grey images" in output
    assert (status, said) == (0, True), output
    summed = weights(tmp_path / "colour", "best.safetensors")["0.weight"].sum(2, keepdims=True)
    np.testing.assert_allclose(weights(tmp_path / "grey")["0.weight"], summed, rtol=1e-6)
    status, output = cli("run", colour, "--init-from", tmp_path / "grey", "--out", tmp_path / "no")
    assert (status, "0.weight of Conv2d(6, 3, padding='same') is (3, 3, 1, 6) there" in output) == (2, True), output


def test_what_is_frozen_stays_and_what_is_told_is_so(folder, cli, tmp_path):
    own = study(folder / "frozen.toml", 'name = "images"\npath = "grey"', outputs=3, more=FROZEN)
    status, output = cli("run", own, "--out", tmp_path / "run")
    assert status == 0, output
    first, second = weights(folder / "first", "best.safetensors"), weights(tmp_path / "run")
    for name, value in second.items():
        if name.startswith("6."):
            assert value.shape != first[name].shape
        else:
            np.testing.assert_array_equal(value, first[name], err_msg=name)
    model = metrics_of(tmp_path / "run")["model"]
    assert (model["trained"], [row["trained"] for row in model["layers"]]) == (21, [0, 0, 0, 0, 0, 0, 21])
    assert "trained multiply-adds" in output
    assert "423 parameters, 21 of them trained and the others frozen" in (tmp_path / "run" / "report.md").read_text()
    checked = [row["name"] for row in metrics_of(tmp_path / "run")["gradient_check"]]
    assert {"6.weight", "6.bias"} <= set(checked)
    assert not {"0.weight", "1.gamma"} & set(checked)


def test_a_frozen_run_is_resumed_bit_for_bit_and_without_the_file(folder, cli, tmp_path):
    copyfile(folder / "first" / "best.safetensors", tmp_path / "start.safetensors")
    more = 'init_from = "start.safetensors"\nfreeze = [":2"]\noptimizer = { kind = "adam", lr = 0.01 }'
    own = study(tmp_path / "own.toml", f'name = "images"\npath = "{folder / "grey"}"', outputs=3, more=more)
    trained(own, tmp_path / "whole", "train.epochs=4")
    trained(own, tmp_path / "part")
    (tmp_path / "start.safetensors").unlink()
    trained(tmp_path / "part" / "study.toml", tmp_path / "part", "train.epochs=4", resume=True)
    for file in ("state.safetensors", "best.safetensors", "evidence.safetensors"):
        whole, part = (checkpoint.load(tmp_path / run / file)[0] for run in ("whole", "part"))
        for arrays in (whole, part):
            arrays.pop("history", None)  # which holds times
        assert {name: value.tobytes() for name, value in whole.items()} == {n: v.tobytes() for n, v in part.items()}
    started = [metrics_of(tmp_path / run)["init_from"] for run in ("whole", "part")]
    assert started[0] == started[1]
    assert started[0]["source"] == str(tmp_path / "start.safetensors")
    evidence, _ = checkpoint.load(tmp_path / "part" / "evidence.safetensors")
    np.testing.assert_array_equal(
        evidence["first_weights_initial"], weights(folder / "first", "best.safetensors")["0.weight"]
    )


def test_a_run_killed_before_its_first_state_begins_with_the_same_weights(folder, cli, tmp_path, capsys):
    own = study(folder / "again.toml", more='init_from = "first"')
    trained(own, tmp_path / "whole")
    (tmp_path / "part").mkdir()
    copyfile(tmp_path / "whole" / "study.toml", tmp_path / "part" / "study.toml")
    work.run(load(str(tmp_path / "part" / "study.toml")), tmp_path / "part", resume=True)
    assert "no state has been saved yet; the training begins anew" in capsys.readouterr().out
    for name, value in weights(tmp_path / "whole").items():
        np.testing.assert_array_equal(weights(tmp_path / "part")[name], value)


def test_the_range_test_starts_from_the_weights_as_well(folder, cli, tmp_path):
    own = study(folder / "range.toml")
    arguments = ("lr-find", own, "--steps", "30", "--out")
    fresh, begun = tmp_path / "fresh.png", tmp_path / "begun.png"
    assert cli(*arguments, fresh)[0] == 0
    assert cli(*arguments, begun, "--init-from", folder / "first")[0] == 0
    assert fresh.read_bytes() != begun.read_bytes()


def test_predict_reads_a_frozen_run_that_has_lost_its_start(folder, cli, tmp_path):
    copyfile(folder / "first" / "best.safetensors", tmp_path / "start.safetensors")
    own = study(tmp_path / "own.toml", more='init_from = "start.safetensors"\nfreeze = [":-1"]')
    trained(own, tmp_path / "run")
    (tmp_path / "start.safetensors").unlink()
    assert cli("predict", tmp_path / "run", folder / "grey" / "0" / "0.png")[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--init-from", "nowhere"), "train.init_from: nowhere does not exist; give the folder of a run, or a file"),
        (("--init-from", "grey"), "is not the folder of a run: it has no study.toml"),
        (("--init-from", "first.toml"), "is neither a safetensors file nor one of torch.save"),
        (("--init-from", "linear.pth"), "0.weight of Conv2d(6, 3, padding='same') is absent there and (3, 3, 1, 6)"),
        (("--init-from", "broken.safetensors"), "is damaged: the sha256 of"),
        (("--set", 'train.freeze=["9"]'), 'train.freeze: there is no layer "9"; the layers are 0 to 6'),
        (("--set", 'train.freeze=["2.shortcut"]'), 'there is no layer "2.shortcut"'),
        (("--set", 'train.freeze=[":"]'), "train.freeze: with : frozen, nothing is left to train"),
        (("--set", "train.freeze=[0]"), "train.freeze.0: must be text, not 0"),
        (("--set", "train.init_from=3"), "train.init_from: must be a path, not 3"),
    ],
)
def test_mistakes_are_told_in_a_sentence_and_nothing_is_written(options, said, folder, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    torch.save({"weight": torch.ones(3)}, "linear.pth")
    broken = bytearray((folder / "first" / "best.safetensors").read_bytes())
    broken[-5] ^= 1
    Path("broken.safetensors").write_bytes(broken)
    status, output = cli("run", study(folder / "wrong.toml"), "--out", tmp_path / "run", *options)
    assert (status, said in output.replace(f"{folder}/", "")) == (2, True), output
    assert not (tmp_path / "run").exists()


def test_another_architecture_is_refused_before_anything_is_written(folder, cli, tmp_path):
    status, output = cli(
        "run", study(folder / "wide.toml", width=8), "--init-from", folder / "first", "--out", tmp_path / "run"
    )
    said = "of another model: 0.weight of Conv2d(8, 3, padding='same') is (3, 3, 1, 6) there and (3, 3, 1, 8) here"
    assert (status, said in output) == (2, True), output
    assert not (tmp_path / "run").exists()


def test_a_resumed_run_keeps_its_start(folder, cli, tmp_path):
    own = study(folder / "kept.toml", more='init_from = "first"')
    trained(own, tmp_path / "run")
    status, output = cli("run", "--resume", tmp_path / "run", "--init-from", folder / "other")
    assert (status, f"its train.init_from is '{folder / 'first'}', and" in output) == (2, True), output
