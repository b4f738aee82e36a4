"""Every row of the table, checked: what `backhand check` prints and the tests assert."""

import numpy as np

from backhand.backend import op, op_names
from backhand.check.cases import LAYER_CASES, NETWORKS, OPS
from backhand.check.gradients import check_layer, check_model, check_op
from backhand.check.inputs import SMOOTH_LIMIT, Case, Network
from backhand.check.results import Result, merge
from backhand.errors import BackhandError, closest
from backhand.layers import LAYERS


def row_names(only: str | None = None) -> list[str]:
    """The rows in order: ops, layers, networks; `only` keeps those of this name.

    Raises BackhandError when none has it.
    """
    rows = [*(f"op {name}" for name in op_names()), *(f"layer {name}" for name in LAYERS), *NETWORKS]
    chosen = [row for row in rows if only is None or only in (row, row.partition(" ")[2])]
    if not chosen and only is not None:
        raise BackhandError(f'nothing to check is called "{only}"{closest(only, {*op_names(), *LAYERS, *NETWORKS})}')
    return chosen


def check_row(row: str, seed: int = 0) -> Result:
    """All configurations of a row as one result; an op or layer without any fails."""
    kind, _, name = row.partition(" ")
    if row in NETWORKS:
        found = [check_network(network, seed + i) for i, network in enumerate(NETWORKS[row])]
    elif kind == "layer":
        cases = enumerate(LAYER_CASES.get(name, []))
        found = [
            check_layer(layer, shape, batch=N, limit=SMOOTH_LIMIT, seed=seed + i) for i, (layer, shape, N) in cases
        ]
    else:
        found = [check_case(name, case, seed + i) for i, case in enumerate(OPS.get(name, []))]
    return merge(row, found)


def check_case(name: str, case: Case, seed: int = 0) -> Result:
    """One case of an op."""
    arrays, options = case.draw(np.random.default_rng(seed))
    found = check_op(op(name).forward, op(name).backward, arrays, options, limit=case.limit, seed=seed)
    settings = ", ".join(f"{key} {value.shape}" for key, value in arrays.items())
    return found.with_prefix(f"{name} with {settings}")


def check_network(network: Network, seed: int = 0) -> Result:
    """One network, with its loss and penalty."""
    model, x, labels = network.draw(np.random.default_rng(seed))
    return merge("network", check_model(model, network.loss, x, labels, penalty=network.penalty), configurations=1)
