"""Killed at any moment and resumed, a run ends with the same bits as one that was never stopped."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backhand import checkpoint
from backhand.experiments.settings import completed, difference, settings
from backhand.study import load
from backhand.training.saving import load_state
from tests.experiments.run.killedstudy import EPOCHS, KILLS, STUDY, epochs_done

TIMED = {"seconds", "elapsed", "saving_seconds"}  # what no two runs have in common
OFTEN = ("--set", "train.save_every=0.02")  # seconds: several times an epoch, or about once


def start(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "backhand", "run", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(*arguments: str) -> str:
    process = start(*arguments)
    output = process.communicate(timeout=600)[0]
    assert process.returncode == 0, output
    return output


def untimed(value):
    """The value without the figures that depend on the clock."""
    if isinstance(value, dict):
        return {key: untimed(inner) for key, inner in value.items() if key not in TIMED}
    return [untimed(inner) for inner in value] if isinstance(value, list) else value


def results(run: Path) -> dict:
    arrays, facts, _ = load_state(run)
    evidence, _ = checkpoint.load(run / "evidence.safetensors")
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return {
        "best": (run / "best.safetensors").read_bytes(),
        "state": {name: (value.dtype, value.shape, value.tobytes()) for name, value in arrays.items()},
        "evidence": {name: value.tobytes() for name, value in evidence.items()},
        "facts": untimed(facts),
        "history": untimed(history),
        "metrics": untimed(json.loads((run / "metrics.json").read_text())),
    }


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("study") / "killed.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def whole(study, tmp_path_factory) -> dict:
    run = tmp_path_factory.mktemp("whole") / "run"
    finish(str(study), "--out", str(run))
    return results(run)


def kill_somewhere(process: subprocess.Popen, run: Path, dice: random.Random) -> tuple[bool, str]:
    """Kill the process after a random time; returns whether the kill hit the training, and the output."""
    until = epochs_done(run) + dice.randint(0, EPOCHS // KILLS)
    while process.poll() is None and epochs_done(run) < until:
        time.sleep(0.002)
    time.sleep(dice.uniform(0, 0.1))
    hit = process.poll() is None
    process.kill()
    output = process.communicate()[0]
    return hit and process.returncode == -signal.SIGKILL, output


def test_killed_again_and_again_it_ends_with_the_same_bits(study, whole, tmp_path):
    """The whole run is saved at its end alone; the one that is killed several times an epoch."""
    run, dice, outputs = tmp_path / "run", random.Random(0), ""

    def begin_or_go_on() -> tuple[str, ...]:
        resumed = (run / "study.toml").exists()
        return (*(("--resume", str(run)) if resumed else (str(study), "--out", str(run))), *OFTEN)

    killed_at = []
    for _ in range(KILLS):
        hit, output = kill_somewhere(start(*begin_or_go_on()), run, dice)
        outputs += output
        if hit:
            killed_at.append(epochs_done(run))
    assert len(killed_at) > KILLS // 2, f"the kills did not hit the training: {killed_at}"
    outputs += finish(*begin_or_go_on())
    assert "resumed amid epoch" in outputs
    again = results(run)
    for name, value in whole.items():
        assert again[name] == value, f"{name} differs after kills at epochs {killed_at}"
    assert not [path for path in run.rglob("*") if path.name.endswith((".tmp", ".new"))]
    print(f"killed after epochs {killed_at}")


def test_a_damaged_state_falls_back_to_the_generation_before(study, whole, tmp_path):
    run = tmp_path / "run"
    process = start(str(study), "--out", str(run), *OFTEN)
    while process.poll() is None and not checkpoint.previous(run / "state.safetensors").exists():
        pass
    process.kill()
    process.communicate()
    state = run / "state.safetensors"
    damaged = bytearray(state.read_bytes() if state.exists() else checkpoint.previous(state).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    state.write_bytes(damaged)
    assert "damaged" in " ".join(finish("--resume", str(run)).split())
    assert results(run)["best"] == whole["best"]


def test_another_study_or_other_data_is_refused(study, tmp_path, cli):
    run = tmp_path / "run"
    assert cli("run", study, "--out", run, "--set", "train.epochs=1")[0] == 0
    for arguments, message in [
        (("digits", "--resume", run), "belongs to another study"),
        (("--resume", run, "--set", "train.batch_size=7"), "train.batch_size is 64, and 7 is asked for"),
        (("--resume", run, "--seed", "7"), "seed is 0, and 7 is asked for"),
        (
            (study, "--out", run),
            f"a run of the study killed; go on with it by `backhand run --resume {run}`",
        ),
        (("--resume", tmp_path), "is not the folder of a run"),
    ]:
        status, output = cli("run", *arguments)
        assert (status, message in output) == (2, True), output
    arrays, facts = checkpoint.load(run / "state.safetensors")
    origin = facts["origin"] | {"data": "the sum of other samples"}
    checkpoint.save(run / "state.safetensors", arrays, facts | {"origin": origin})
    status, output = cli("run", "--resume", run)
    assert (status, "trained on other data" in output) == (2, True)
    (run / "study.toml").write_text((run / "study.toml").read_text().replace("lr = 0.003", "lr = 0.03"))
    status, output = cli("run", "--resume", run)
    assert (status, "its train.optimizer.lr is 0.003, and 0.03 is asked for" in output) == (2, True)


def test_a_state_that_lacks_a_later_key_goes_on_at_its_default(study, tmp_path, cli):
    run = tmp_path / "run"
    assert cli("run", study, "--out", run, "--set", "train.epochs=1")[0] == 0
    arrays, facts = checkpoint.load(run / "state.safetensors")
    saved = {key: value for key, value in facts["origin"]["study"].items() if key != "train.test_shift"}
    checkpoint.save(run / "state.safetensors", arrays, facts | {"origin": facts["origin"] | {"study": saved}})
    assert cli("run", "--resume", run, "--set", "train.epochs=2")[0] == 0
    assert epochs_done(run) == 2
    (run / "study.toml").write_text((run / "study.toml").read_text().replace("test_shift = 0", "test_shift = 1"))
    status, output = cli("run", "--resume", run)
    assert status == 2
    assert "its train.test_shift is 0, and 1 is asked for" in output


def test_later_keys_of_the_tables_of_a_list_have_their_defaults_too():
    study = load("cifar10-cnn", ["model.blocks=[{ outputs = 8 }, { outputs = 4, pool = 4 }]"])
    blocks = [{"outputs": 8, "pool": 2}, {"outputs": 4, "pool": 4}]  # as they were before there were other keys
    saved = {key: value for key, value in settings(study).items() if not key.startswith("model.blocks")}
    assert difference(completed(saved | {"model.blocks": blocks}, study), settings(study)) is None
    other = load("cifar10-cnn", ["model.blocks=[{ outputs = 8 }, { outputs = 4, residual = true, pool = 4 }]"])
    differs = difference(completed(saved | {"model.blocks": blocks}, other), settings(other))
    assert differs == "its model.blocks.1.residual is None, and True is asked for"


def test_ctrl_c_says_how_to_go_on(study, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "backhand", "run", str(study), "--out", str(run), "--set", "train.epochs=100000"]
    listen = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731 (a shell may have turned it off)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=listen)
    while process.poll() is None and not epochs_done(run):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 130, output
    assert output.endswith(f"interrupted; go on with: backhand run --resume {run}\n")
    assert "Traceback" not in output
    assert load_state(run)[1]["epoch"] == epochs_done(run), "it is saved as it stood then"


def test_two_processes_do_not_train_one_run(study, tmp_path, cli):
    pytest.importorskip("fcntl", reason="locks files as POSIX systems do")
    run = tmp_path / "run"
    process = start(str(study), "--out", str(run), "--set", "train.epochs=100000")
    try:
        while process.poll() is None and not epochs_done(run):
            time.sleep(0.01)
        status, output = cli("run", "--resume", run)
        assert (status, "is being trained by another process" in output) == (2, True), output
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_more_epochs_go_on_from_where_it_ended(study, tmp_path, cli):
    run = tmp_path / "run"
    assert cli("run", study, "--out", run, "--set", "train.epochs=2")[0] == 0
    (run / ".best.safetensors.1.tmp").write_text("left by a killed process")
    status, output = cli("run", study, "--resume", run, "--set", "train.epochs=3")
    assert (status, "resumed after epoch 2" in output) == (0, True)
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["training"]["epochs"] == 3
    assert metrics["test"]["accuracy"] > 0.5
    assert not list(run.glob(".*.tmp"))
    status, output = cli("run", "--resume", run)
    assert (status, "epoch 3/3" in output) == (0, False), "a finished run has nothing left to train"
    status, output = cli("run", "--resume", run, "--set", "train.epochs=2")
    assert (status, "has trained 3 epochs, and train.epochs = 2 is fewer" in output) == (2, True)
