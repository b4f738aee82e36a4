"""The inputs that programs are timed on."""

import pytest

from backhand.bench.measure import save_inputs
from backhand.bench.workloads import WORKLOADS


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    return save_inputs(WORKLOADS["two_layer"], tmp_path_factory.mktemp("bench"))
