"""The inputs of a workload, as a file."""

import numpy as np

from backhand.bench.inputs import Inputs
from backhand.bench.workloads import WORKLOADS


def test_inputs_come_out_of_their_file_as_they_went_in(tmp_path):
    drawn = Inputs.of(WORKLOADS["mnist_cnn_bn"], comparable=True)
    drawn.save(tmp_path / "inputs.npz")
    read = Inputs.load(tmp_path / "inputs.npz")
    assert read.workload is drawn.workload
    assert read.comparable is True
    assert np.array_equal(read.x, drawn.x)
    assert np.array_equal(read.labels, drawn.labels)
    assert {place: len(own) for place, own in read.by_layer().items()} == dict.fromkeys(["0", "1", "5", "6", "9"], 2)
    for name, value in drawn.weights.items():
        assert np.array_equal(read.weights[name], value)
