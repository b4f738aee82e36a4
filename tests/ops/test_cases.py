"""Every row of the table of cases against numerical derivatives, and a row for everything there is."""

import numpy as np
import pytest

from backhand.backend import op_names
from backhand.check.cases import LAYER_CASES, OPS
from backhand.check.networks import NETWORKS
from backhand.check.suite import check_case, check_row, row_names
from backhand.layers import LAYERS
from backhand.training.losses import LOSSES

GRID = [pytest.param(name, case, i, id=f"{name}-{i}") for name in OPS for i, case in enumerate(OPS[name])]


@pytest.mark.parametrize(("name", "case", "seed"), GRID)
def test_backward_is_the_derivative_of_forward(name, case, seed):
    found = check_case(name, case, seed)
    assert found.passed, found.failures


@pytest.mark.parametrize("row", [row for row in row_names() if not row.startswith("op ")])
def test_layers_and_networks(row):
    found = check_row(row)
    assert found.passed, found.failures


def test_every_op_has_a_case():
    assert set(OPS) == set(op_names())
    assert all(OPS.values())


def test_every_layer_has_a_case_of_its_kind():
    assert set(LAYER_CASES) == set(LAYERS)
    for name, cases in LAYER_CASES.items():
        assert cases
        assert all(type(layer) is LAYERS[name] for layer, _, _ in cases)


def test_every_loss_tops_a_network():
    assert {type(network.loss) for row in NETWORKS.values() for network in row} == set(LOSSES.values())


@pytest.mark.parametrize("name", sorted(set(OPS) - {"l2"}))
def test_one_sample_and_more(name):
    rng = np.random.default_rng(0)
    batches = {len(next(iter(case.draw(rng)[0].values()))) for case in OPS[name]}
    assert 1 in batches
    assert max(batches) > 1
