"""The model of what a step costs on several hosts."""

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from backhand.bench.ranks import Row
from backhand.bench.ranks_table import as_json, make_table
from backhand.bench.scaling import Network, Step, messages
from backhand.layers import BatchNorm, Conv2d, Flatten, Linear
from backhand.model.sequential import Sequential


def network(latency, bandwidth, hosts=2, overlap=0.0):
    """The network that a latency and a bandwidth describe, as sums on so many hosts would measure it."""
    traffic = 2 * (hosts - 1) / hosts
    seconds = {size: messages(hosts) * latency + traffic * size / bandwidth for size in (0, 10**5, 10**7)}
    return Network(hosts, seconds, overlap)


FAST, SLOW = network(1e-6, 1e11), network(1e-3, 1e8)


def step(**options):
    settings = {"batch": 64, "seconds": {n: 1e-3 + 1e-3 * n for n in (1, 8, 16, 32, 64)}, "size": 10**6}
    return Step(**settings | options)


def test_a_sum_takes_its_messages_and_its_bytes():
    net = network(1e-4, 1e9)
    assert net.latency == pytest.approx(1e-4)
    assert net.bandwidth == pytest.approx(1e9)
    assert net.sum_seconds(10**6, 1) == 0
    assert net.sum_seconds(10**6, 2) == pytest.approx(2e-4 + 1e-3)
    assert net.sum_seconds(10**6, 4) == pytest.approx(4e-4 + 1.5e-3)
    assert net.sum_seconds(2 * 10**8, 2) == pytest.approx(2e-4 + 0.2)  # beyond what was measured
    assert [messages(hosts) for hosts in (2, 3, 4, 5, 8)] == [2, 4, 4, 6, 6]


def test_sums_that_were_measured_on_more_hosts_say_the_same():
    two, five = (network(2e-4, 1e8, hosts) for hosts in (2, 5))
    for hosts in (2, 5, 16):
        assert two.sum_seconds(10**6, hosts) == pytest.approx(five.sum_seconds(10**6, hosts))


def test_a_step_on_one_host_is_what_was_measured():
    assert step().predict(1, SLOW) == pytest.approx(65e-3)
    assert step().compute(12) == pytest.approx(13e-3)  # between two measured sizes
    assert step().compute(128) == pytest.approx(130e-3)  # in proportion


def test_a_faster_network_is_worth_more_hosts():
    assert step().worthwhile(SLOW) < step().worthwhile(FAST)
    assert step().speedup(2, FAST) == pytest.approx(65 / 33, rel=1e-2)
    assert step().speedup(2, SLOW) < 2
    assert step(size=10**9).worthwhile(SLOW) == 1


def test_a_larger_batch_hides_a_slow_network():
    factor = step().worthwhile_batch(8, SLOW)
    assert 1 < factor < 1024
    batch = round(64 * factor)
    assert step().compute(batch / 8) >= 0.89 * step().predict(8, SLOW, batch)
    assert step().worthwhile_batch(2, FAST) == 1


def test_what_passes_beside_the_backward_pass_costs_nothing():
    net = network(1e-4, 1e8, overlap=0.5)
    plain, early = step(), step(early=0.9, window=0.6, calls=4)
    assert step(early=0.9, window=0.6, calls=3).predict(2, net) == plain.predict(2, net)
    saved = plain.predict(2, net) - early.predict(2, net)
    assert saved == pytest.approx(min(0.5 * 0.6 * 2 / 3 * 33e-3, 0.9 * net.sum_seconds(10**6, 2)))


def test_the_step_of_a_model_knows_its_bytes_and_what_is_complete_early():
    small = Sequential(Linear(20), Linear(10)).build((30,))
    assert Step.of(small, 8, {8: 1.0}).early == 0
    layers = Conv2d(8, 3, padding=1), BatchNorm(), Flatten(), Linear(512), Linear(1024), Linear(10)
    model = Sequential(*layers).build((16, 16, 3))
    whole = Step.of(model, 8, {8: 1.0})
    assert whole.size == model.parameters.grads.nbytes + 8 * 16
    assert 0 < whole.early < 1
    assert 0 < whole.window < 1
    assert 0 < whole.calls < len(layers)
    late = sum(np.prod(p.value.shape) for p in model.parameters if p.name.startswith(("0.", "1."))) * 4
    assert whole.early <= 1 - late / whole.size


def test_the_table_shows_what_was_measured_and_predicted():
    row = Row("net", step(), 2, 40e-3, 34e-3)
    console = Console(width=200, record=True, file=StringIO())
    console.print(make_table([row], FAST))
    text = console.export_text()
    assert "ms on 2" in text
    assert "-15%" in text
    (figures,) = as_json(FAST, [row])["workloads"]
    assert figures["measured_ms"] == pytest.approx(40)
    assert figures["alone_ms"]["64"] == pytest.approx(65)
