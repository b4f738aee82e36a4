"""Several ranks do what one process does: see `trainings`."""

import json
from functools import cache

import numpy as np
import pytest

from tests.training.parallel.mpi import mpiexec
from tests.training.parallel.trainings import CASES, OWN_STATISTICS

EXACT = {name: 1e-9 if case.dtype == "float64" else 2e-4 for name, case in CASES.items()}


@cache
def results(ranks):
    done = mpiexec(ranks, "-m", "tests.training.parallel.trainings")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("name", CASES)
def test_ranks_do_what_one_process_does(name, ranks):
    alone, together = results(1)[name], results(ranks)[name]
    for one, several in zip(alone["history"], together["history"], strict=True):
        assert one.keys() == several.keys()
        for key, value in one.items():
            assert several[key] == pytest.approx(value, rel=EXACT[name] / 10, abs=1e-12), key
    for key, values in alone["arrays"].items():
        np.testing.assert_allclose(together["arrays"][key], values, rtol=EXACT[name], atol=EXACT[name], err_msg=key)


@pytest.mark.parametrize("ranks", [2, 3])
def test_micro_batches_give_the_same_bits_on_any_number_of_ranks(ranks):
    name = "accumulated norm"
    assert results(ranks)[name] == results(1)[name]


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("name", [*CASES, *OWN_STATISTICS])
def test_all_ranks_have_the_same_weights_to_the_bit(name, ranks):
    assert results(ranks)[name]["same"]


@pytest.mark.parametrize("name", OWN_STATISTICS)
def test_statistics_of_shares_train_as_well(name):
    first, last = (results(2)[name]["history"][k]["train_loss"] for k in (0, -1))
    assert last < first
    assert results(2)[name]["history"] != results(3)[name]["history"]
