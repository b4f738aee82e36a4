"""The ten workloads: what they are made of, and how much a step of each computes."""

from itertools import pairwise

import numpy as np
import pytest

from backhand.bench.workloads import WORKLOADS, select_workloads, step_flops
from backhand.errors import BackhandError
from backhand.layers import Dropout, Residual


def dense(*widths):
    return [a * b for a, b in pairwise(widths)]


def conv(side, kernel, channels, outputs):
    return side**2 * kernel**2 * channels * outputs


def bottlenecks():
    """ResNet-50's blocks on images of 24, 12, 6 and 3 pixels a side, one after the other."""
    channels, found = 64, []
    for side, width, count in ((24, 64, 3), (12, 128, 4), (6, 256, 6), (3, 512, 3)):
        for block in range(count):
            before = side * 2 if block == 0 and width > 64 else side  # the stride is on the 3 x 3 convolution
            found += [conv(before, 1, channels, width), conv(side, 3, width, width), conv(side, 1, width, 4 * width)]
            found += [conv(side, 1, channels, 4 * width)] * (block == 0)
            channels = 4 * width
    return found


# Multiplications of one sample's forward pass, layer by layer, counted by hand.
PRODUCTS = {
    "two_layer": dense(3072, 80, 10),
    "fc_overfit": dense(3072, 1024, 512, 10),
    "fc_cifar": dense(3072, 512, 256, 10),
    "mnist_1000": dense(784, 1000, 10),
    "mnist_cnn": [conv(22, 7, 1, 16), *dense(11 * 11 * 16, 16, 10)],
    "mnist_cnn_bn": [conv(22, 7, 1, 16), *dense(11 * 11 * 16, 16, 10)],
    "mnist_model4": [conv(28, 3, 1, 16), conv(14, 3, 16, 16), *dense(7 * 7 * 16, 256, 10)],
    "fer_cnn": [conv(48, 5, 1, 16), conv(24, 5, 16, 32), *dense(12 * 12 * 32, 1024, 7)],
    "cifar_vgg": [conv(32, 3, 3, 64), conv(16, 3, 64, 128), conv(8, 3, 128, 256), *dense(4 * 4 * 256, 10)],
    "fer_resnet50": [conv(48, 3, 1, 64), *bottlenecks(), *dense(2048, 7)],
}
BATCHES = {"two_layer": 400, "fc_overfit": 50, "fc_cifar": 100, "fer_resnet50": 32}


@pytest.fixture(scope="module", params=WORKLOADS.values(), ids=lambda workload: workload.name)
def built(request):
    return request.param, request.param.model().build(request.param.shape)


def test_a_step_computes_what_was_counted_by_hand(built):
    workload, model = built
    first, *others = PRODUCTS[workload.name]
    samples = BATCHES.get(workload.name, 128)
    assert step_flops(model, workload.batch) == samples * (4 * first + 6 * sum(others))


def test_the_table_is_whole_and_the_samples_fit(built):
    workload, model = built
    assert WORKLOADS.keys() == PRODUCTS.keys()
    x, labels = workload.samples()
    assert x.shape == (workload.batch, *model.input_shape)
    assert x.dtype == np.float32
    assert model.output_shape == (workload.classes,)
    assert labels.shape == (workload.batch,)
    assert set(labels) == set(range(workload.classes))
    assert np.array_equal(workload.samples()[0], x)


def test_a_comparable_model_drops_nothing_and_its_blocks_begin_as_their_shortcuts():
    dropouts = [layer for layer in WORKLOADS["fer_cnn"].model(comparable=True).layers if isinstance(layer, Dropout)]
    assert [layer.p for layer in dropouts] == [0, 0]
    assert all(layer.p == 0.5 for layer in WORKLOADS["fer_cnn"].model().layers if isinstance(layer, Dropout))
    blocks = [layer for layer in WORKLOADS["fer_resnet50"].model(comparable=True).layers if isinstance(layer, Residual)]
    assert len(blocks) == 16
    assert all(block.body[-1].gamma == 0 for block in blocks)


def test_workloads_are_chosen_by_name():
    assert [workload.name for workload in select_workloads(["mnist_cnn", "two_layer"])] == ["mnist_cnn", "two_layer"]
    assert len(select_workloads(None)) == 10
    with pytest.raises(BackhandError, match='unknown workload "two_layers"; did you mean "two_layer"'):
        select_workloads(["fer_cnn", "two_layers"])
