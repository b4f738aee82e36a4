"""Files are UTF-8, whatever the locale is."""

import os
import subprocess
import sys

STUDY = """
name = "small"
title = "Größe × 数"
[data]
name = "digits"
train_size = 100
groups = { "gerade ½" = ["0", "2"], "ungerade" = ["1", "3"] }
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
"""


def test_files_are_utf_8_whatever_the_locale(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
    command = [sys.executable, "-m", "backhand", "run", tmp_path / "study.toml", "--out", tmp_path / "run"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | locale, check=False)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    assert "Gr??e x ?" in done.stdout
    for name in ("study.toml", "report.md", "report.html"):
        assert "Größe × 数" in (tmp_path / "run" / name).read_text("utf-8"), name
    assert "gerade ½" in (tmp_path / "run" / "metrics.json").read_text("utf-8")
