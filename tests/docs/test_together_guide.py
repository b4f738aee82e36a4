"""docs/guides/training-together.md: its commands under mpiexec, and its Python."""

import json
import os
import shlex

import pytest

from tests.docs.markdown_pages import GUIDES, blocks, run_python
from tests.training.parallel.mpi import available, mpiexec

PAGE = GUIDES / "training-together.md"


def words_of(line):
    """The number of ranks, and the words of a command after `backhand`."""
    words = shlex.split(line)
    if words[0] == "mpiexec":
        return int(words[2]), words[4:]
    return 1, words[1:]


def test_micro_batches_give_the_same_bits(tmp_path):
    """The commands of the page, without their reports, which take longer than the trainings."""
    (block,) = (block for block in blocks(PAGE, "sh") if "accumulate" in block)
    histories = []
    for line in block.splitlines():
        ranks, words = words_of(line)
        assert words == ["run", "digits", "--set", "train.accumulate=6", "--threads", "1", "--out", words[-1]]
        folder = tmp_path / words[-1]
        program = "-m", "tests.experiments.run.rankedrun", folder, words[3], "train.epochs=2"
        done = mpiexec(ranks, *program, env=os.environ | {"BACKHAND_THREADS": "1"})
        assert done.returncode == 0, done.stderr
        rows = map(json.loads, (folder / "history.jsonl").read_text("utf-8").splitlines())
        histories.append([{key: row[key] for key in row if key not in ("seconds", "elapsed")} for row in rows])
    assert len(histories) == 3
    assert histories[0] == histories[1] == histories[2]


def test_the_benchmark_of_ranks_predicts_what_it_measures(tmp_path):
    (line,) = (line for block in blocks(PAGE, "sh") for line in block.splitlines() if "bench" in line)
    ranks, words = words_of(line)
    words[words.index("--rounds") + 1] = "1"
    done = mpiexec(ranks, "-m", "backhand", *words, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["network"]["gbit"] > 0
    assert [row["name"] for row in result["workloads"]] == ["two_layer", "mnist_cnn"]
    assert all(row["measured_ms"] > 0 and row["predicted_ms"] > 0 for row in result["workloads"])


def test_without_mpiexec_there_are_no_ranks():
    pytest.importorskip("mpi4py")
    assert run_python(PAGE)["launched"]() is None


def test_a_benchmark_of_ranks_needs_several(tmp_path):
    available()
    done = mpiexec(1, "-m", "backhand", "bench", "--ranks", cwd=tmp_path)
    assert done.returncode == 2
    assert "mpiexec -n 2 backhand bench --ranks" in done.stderr
