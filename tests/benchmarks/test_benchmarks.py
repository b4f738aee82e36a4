"""The scripts in benchmarks/: whether the peers train as ours does, and what is written of them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from backhand import backend
from backhand.bench import ours
from backhand.bench.inputs import Inputs
from backhand.bench.measure import Measurement
from backhand.bench.timing import Spread
from backhand.bench.workloads import WORKLOADS, Workload
from backhand.errors import BackhandError
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU, Residual
from backhand.model.sequential import Sequential

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
with pytest.MonkeyPatch.context() as patch:  # they clean the environment before they import NumPy
    patch.setattr(os, "environ", dict(os.environ))
    import memory_growth
    import profile_step

import compare
import peers
import plot
import results
from compare import Agreement, Comparison, largest_difference
from results import Results


def flat():
    """Every kind of layer that a workload without branches has; its rows tell the order of their channels."""
    head = Flatten(), Linear(6), BatchNorm(), ReLU(), Dropout(0.3), Linear(4)
    return Sequential(Conv2d(3, 3, padding=1), BatchNorm(), ReLU(), MaxPool2d(), *head)


def residual():
    body = Conv2d(4, 1, bias=False), BatchNorm(), ReLU(), Conv2d(8, 3, 2, padding=1, bias=False), BatchNorm()
    block = Residual(body, (Conv2d(8, 1, 2, bias=False), BatchNorm()))
    return Sequential(Conv2d(3, 3, bias=False), BatchNorm(), ReLU(), block, ReLU(), GlobalAvgPool2d(), Linear(4))


IMAGES = [Workload(make.__name__, make, (10, 10, 2), 16, 4) for make in (flat, residual)]
ROWS = Workload("rows", lambda: Sequential(Linear(12), ReLU(), Linear(8), ReLU(), Linear(4)), (20,), 16, 4)


@pytest.fixture
def reference(monkeypatch):
    """Here and in processes started from here: kernels, which others test, would have to be compiled first."""
    before = backend.chosen()
    monkeypatch.setenv(backend.VARIABLE, before)  # to be put back in the end
    backend.use("reference")
    yield
    backend.use(before)


@pytest.fixture
def torch_settings():
    """Programs that have a process of their own set what is global."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def losses(module, workload):
    step = module.make_step(Inputs.of(workload, comparable=True))
    return [step() for _ in range(12)]


@pytest.mark.parametrize("workload", [*IMAGES, ROWS], ids=lambda workload: workload.name)
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        *((name, 1e-3) for name in ("torch_eager", "torch_channels_last", "jax_jit", "sklearn_mlp")),
        *((f"{name}_bfloat16", 0.03) for name in ("torch_eager", "torch_channels_last", "jax_jit")),
    ],
)
def test_peers_train_as_ours_does(workload, name, limit, reference, torch_settings, monkeypatch):
    """At a learning rate by which losses fall, so that a wrong gradient would show."""
    if name == "sklearn_mlp" and len(workload.shape) > 1:
        pytest.skip("scikit-learn has no convolutions")
    module = pytest.importorskip(f"peers.{name}", exc_type=ImportError)
    owner = sys.modules[module.make_step.func.__module__] if "func" in dir(module.make_step) else module
    for each in (ours, owner):
        monkeypatch.setattr(each, "LR", 0.1)
    own = losses(ours, workload)
    assert own[-1] < 0.9 * own[0]
    assert largest_difference(own, losses(module, workload)) < limit


def test_the_farthest_losses_decide_and_those_that_are_no_numbers_never_agree():
    assert largest_difference([1.0, 2.0], [1.0, 2.5]) == 0.25
    assert np.isnan(largest_difference([1.0, 2.0, 3.0], [1.5, float("nan"), 3.0]))
    assert Agreement([1.0], {"torch": 1e-4}, {}, 1e-3).holds
    for differences in ({}, {"torch": 1e-2}, {"torch": 1e-4, "jax": float("nan")}):
        assert not Agreement([1.0], differences, {}, 1e-3).holds


def measured(*rounds, peak_mib=100.0):
    return Measurement(0.5, 7.0, list(rounds), peak_mib, "some BLAS")


@pytest.fixture
def recorded():
    """Two workloads: one that we win against the second peer, one that we lose against the only one.

    In bfloat16 we are faster in the first, and a peer in both; in the second its losses do not agree with ours.
    """
    agreement = Agreement([2.0, 1.0], {"torch": 2e-7}, dict.fromkeys(("backhand", "torch", "jax"), 900.0), 1e-3)
    both = Agreement([2.0, 1.0], {"torch": 2e-7, "jax": 1e-7}, agreement.first_step_ms, 1e-3)
    won = {"backhand": measured(1.0, 2.0, 3.0), "torch": measured(9.0, 9.0, 9.0), "jax": measured(4.0, 4.0, 12.0)}
    won |= {"backhand_bf16": measured(0.5, 1.5, 3.0), "torch_bf16": measured(2.0, 2.0, 3.0)}
    lost = {"backhand": measured(6.0, 6.0, 6.0), "torch": measured(2.0, 3.0, 4.0, peak_mib=None)}
    lost |= {"backhand_bf16": measured(7.0, 7.0, 7.0), "torch_bf16": measured(1.0, 1.0, 1.0)}
    rounded = {"backhand_bf16": 0.01, "torch_bf16": 0.02}
    compared = [
        Comparison(WORKLOADS["two_layer"], 0.4, {"float32": 400.0, "bfloat16": 800.0}, both, won, rounded),
        Comparison(WORKLOADS["fer_resnet50"], 1.2, {"float32": 360.0}, agreement, lost, rounded | {"torch_bf16": 0.2}),
    ]
    titles = {"torch": "PyTorch", "torch_bf16": "PyTorch, bfloat16", "jax": "JAX, jit"}
    return Results("2030-01-02", "a processor", 2, 0.25, "kernels", titles, compared)


def test_a_ratio_is_to_the_fastest_peer_in_the_same_round(recorded):
    won, lost = recorded.comparisons
    assert (won.fastest(ours=False, rounded=False), won.ratio(rounded=False)) == ("jax", Spread(0.25, 0.25, 0.5))
    assert (won.fastest(ours=False, rounded=True), won.ratio(rounded=True)) == ("torch_bf16", Spread(0.75, 0.25, 1.0))
    assert won.fastest(ours=True, rounded=True) == "backhand_bf16"
    for rounded in (False, True):  # the losses of PyTorch in bfloat16 do not agree
        assert lost.fastest(ours=True, rounded=rounded) == "backhand"
        assert (lost.fastest(ours=False, rounded=rounded), lost.ratio(rounded=rounded)) == (
            "torch",
            Spread(2.0, 1.5, 3.0),
        )


def test_the_page_is_made_of_what_was_recorded(recorded):
    page = results.page(recorded)
    rows = [line for line in page.splitlines() if line.startswith(("| two_layer", "| fer_resnet50"))]
    assert rows[0] == (
        "| two_layer | 400 | 0.400 | 2.00 | 50% | JAX, jit 4.00 | 0.25 (0.25 to 0.50) "
        "| 1.50 | 33% | PyTorch, bfloat16 2.00 | 0.75 (0.25 to 1.00) | 2e-07 |"
    )
    assert rows[1].startswith(
        "| fer_resnet50 | 32 | 1.200 | 6.00 | 50% | PyTorch 3.00 | 2.00 (1.50 to 3.00) | 7.00 | 21% | PyTorch "
    )
    assert rows[2] == "| two_layer | 2.00 | 1.50 | 9.00 | 2.00 | 4.00 |"
    assert rows[4] == "| two_layer | 900, later 7.00 | - | 900, later 7.00 | - | 900, later 7.00 |"
    assert rows[-1] == "| fer_resnet50 | 100 | 100 | - | 100 | - |"
    assert "**A peer is faster in** fer_resnet50 (2.00 times the time of PyTorch), fer_resnet50 (" in page
    assert "fer_resnet50: backhand, bfloat16 1.0%, PyTorch, bfloat16 20.0%." in page
    assert "over 3 rounds" in page
    assert "a processor, 2 cores" in page
    assert "before the run: 0.25" in page
    assert "multiply-adds in float32: 400 GFLOP/s (lowest measurement 360)" in page
    assert "multiply-adds in bfloat16: 800 GFLOP/s" in page


def test_files_are_written_and_a_page_without_losses_says_so(recorded, tmp_path):
    recorded.comparisons.pop()
    text = results.write(recorded, tmp_path).read_text("utf-8")
    assert "No peer is faster in any of these." in text
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")


def test_every_program_looks_different():
    assert {"backhand", "backhand_bf16", *peers.PEERS} == plot.STYLES.keys()
    assert len(set(plot.STYLES.values())) == len(plot.STYLES)


def test_peers_are_selected_by_name(monkeypatch):
    assert [peer.title for peer in peers.select_peers(["sklearn", "torch"])] == ["scikit-learn", "PyTorch"]
    with pytest.raises(BackhandError, match='unknown peer "torsh"; did you mean "torch"'):
        peers.select_peers(["torsh"])
    monkeypatch.setattr(peers, "find_spec", lambda package: None if package == "jax" else package)
    with pytest.raises(BackhandError, match="JAX, jit is not installed"):
        peers.select_peers(None)
    assert not peers.PEERS["sklearn"].supports(WORKLOADS["mnist_cnn"])
    assert peers.PEERS["torch_cl"].supports(WORKLOADS["mnist_cnn"])


def run(*arguments):
    command = [sys.executable, str(SCRIPTS / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_whole_run(tmp_path, reference):
    done = run("--only", "two_layer", "--peers", "sklearn", "--rounds", "1", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "relative differences: sklearn" in done.stdout
    assert "| two_layer | 400 | 0.395 |" in (tmp_path / "results.md").read_text("utf-8")


def test_a_run_of_nothing_is_refused():
    done = run("--only", "mnist_cnn", "--peers", "sklearn")
    assert done.returncode == 2
    assert done.stderr == "error: none of the selected peers runs mnist_cnn; use `backhand bench` to time it alone\n"


def test_programs_that_do_not_train_alike_are_not_timed(tmp_path, reference):
    (tmp_path / "wrong.py").write_text("def make_step(inputs):\n    return lambda: 2.5\n")
    wrong = compare.Program("wrong", "wrong", tmp_path)
    agreement = compare.compare_losses(WORKLOADS["two_layer"], [compare.BACKHAND, wrong], tmp_path)
    assert len(agreement.losses) == 20
    assert not agreement.holds


def test_a_profile_counts_each_second_once(monkeypatch):
    now = 0.0

    def spend(seconds, *inner):
        def function(x):
            nonlocal now
            now += seconds
            for each in inner:
                each(x)

        return function

    monkeypatch.setattr(profile_step, "perf_counter", lambda: now)
    clock, x = profile_step.Clock(), np.zeros((3, 4))
    inner = clock.around(spend(2.0), "conv forward", shapes=True)
    whole = clock.around(spend(1.0, inner, inner), profile_step.BETWEEN)
    whole(x)
    assert clock.seconds == {profile_step.BETWEEN: 1.0, "conv forward 3x4": 4.0}
    assert clock.calls["conv forward 3x4"] == 2
    *_, other, python, total = profile_step.table(clock, 1).splitlines()
    assert other.split() == ["2", "4000000.0", "80.0%", "conv", "forward", "3x4"]
    assert python.split()[:3] == ["1", "1000000.0", "20.0%"]
    assert total.split()[0] == "5000000.0"


def test_the_profile_of_a_step_names_its_passes(reference):
    command = [sys.executable, str(SCRIPTS / "profile_step.py"), "mnist_cnn", "--steps", "2"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "softmax_cross_entropy forward 128x10" in text
    assert "SGD" in text
    shares = [float(line.split()[2].rstrip("%")) for line in text.splitlines()[2:-1]]
    assert sum(shares) == pytest.approx(100, abs=2)


def test_steps_that_keep_memory_are_seen(monkeypatch):
    kept = []
    monkeypatch.setattr(memory_growth.ours, "make_step", lambda inputs: lambda: kept.append(bytes(1000)))
    assert memory_growth.growth("two_layer", 100)[0] > 100_000
    monkeypatch.setattr(memory_growth.ours, "make_step", lambda inputs: lambda: bytes(1000))
    assert memory_growth.growth("two_layer", 100)[0] < 10_000


def test_many_epochs_are_timed_beside_scikit_learns():
    command = [sys.executable, str(SCRIPTS / "many_epochs.py"), "--epochs", "40", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("40 epochs of 432 points", "the whole run: ", "of the run", "fit alone: ", "ratio of the medians: "):
        assert said in done.stdout
