"""Checks every row of the table: `backhand check` prints the results, and the tests assert them."""

import numpy as np

from backhand.backend import op, op_names
from backhand.check.cases import LAYER_CASES, OPS
from backhand.check.gradients import check_layer, check_model, check_op
from backhand.check.inputs import SMOOTH_LIMIT, Case, Network
from backhand.check.networks import NETWORKS
from backhand.check.plugin_cases import cases_of
from backhand.check.results import Result, merge
from backhand.errors import BackhandError, closest
from backhand.layers import LAYERS


def row_names(only: str | None = None) -> list[str]:
    """The rows in their order: ops, layers, networks. only: keep the rows of this name.

    Raises BackhandError where no row has that name.
    """
    rows = [*(f"op {name}" for name in op_names()), *(f"layer {name}" for name in LAYERS), *NETWORKS]
    chosen = [row for row in rows if only is None or only in (row, row.partition(" ")[2])]
    if not chosen and only is not None:
        raise BackhandError(f'unknown op, layer or network "{only}"{closest(only, {*op_names(), *LAYERS, *NETWORKS})}')
    return chosen


def check_row(row: str, seed: int = 0) -> Result:
    """Check all configurations of a row, as one result; an op or a layer without any fails."""
    kind, _, name = row.partition(" ")
    if row in NETWORKS:
        results = [check_network(network, seed + i) for i, network in enumerate(NETWORKS[row])]
    elif kind == "layer":
        cases = enumerate(LAYER_CASES.get(name) or cases_of(name).layer)
        results = [
            check_layer(layer, shape, batch=N, limit=SMOOTH_LIMIT, seed=seed + i) for i, (layer, shape, N) in cases
        ]
    else:
        results = [check_case(name, case, seed + i) for i, case in enumerate(OPS.get(name) or cases_of(name).op)]
    return merge(row, results)


def check_case(name: str, case: Case, seed: int = 0) -> Result:
    """Check one case of an op, with arrays that are drawn with this seed."""
    arrays, options = case.draw(np.random.default_rng(seed))
    result = check_op(op(name).forward, op(name).backward, arrays, options, limit=case.limit, seed=seed)
    shapes = ", ".join(f"{key} {value.shape}" for key, value in arrays.items())
    return result.with_prefix(f"{name} with {shapes}")


def check_network(network: Network, seed: int = 0) -> Result:
    """Check one network with its loss and penalty, on a batch that is drawn with this seed."""
    model, x, labels = network.draw(np.random.default_rng(seed))
    return merge("network", check_model(model, network.loss, x, labels, penalty=network.penalty), configurations=1)
