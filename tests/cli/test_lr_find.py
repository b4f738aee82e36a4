"""`backhand lr-find`: a plot, a suggestion, and what it says of the study."""

import subprocess
import sys

from PIL import Image


def test_lr_find_draws_and_suggests(cli, tmp_path):
    status, output = cli("lr-find", "digits", "--out", tmp_path / "lr.png", "--steps", "80")
    assert status == 0
    assert "suggested: --set train.optimizer.lr=" in output
    with Image.open(tmp_path / "lr.png") as plot:
        assert plot.size[0] > 600


def test_another_kind_of_optimiser_says_what_it_drops(tmp_path):
    command = [sys.executable, "-m", "backhand", "lr-find", "digits", "--steps", "20", "--out", str(tmp_path / "a.png")]
    done = subprocess.run([*command, "--set", "train.optimizer.kind=adam"], capture_output=True, text=True, check=True)
    assert done.stderr == (
        'warning: train.optimizer.kind = "adam" has defaults of its own; '
        "dropped from the study: lr = 0.05, momentum = 0.9\n"
    )
