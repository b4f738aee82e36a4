"""Which kinds a name speaks of."""

import numpy as np
import pytest

from backhand.check.kinds.compound import Compound
from backhand.check.kinds.table import HINTS, KINDS, likely


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("FullyConnectedLayer", "linear"),
        ("Affine", "linear"),
        ("InnerProductLayer", "linear"),
        ("linear_forward", "linear"),
        ("LinearModule", "linear"),
        ("sigmoid_grad", "sigmoid"),
        ("ReLU", "relu"),
        ("relu_backward", "relu"),
        ("LeakyReLULayer", "leaky_relu"),
        ("TanhLayer", "tanh"),
        ("SoftMaxModule", "softmax"),
        ("ELU", "elu"),
        ("Dropout", "dropout"),
        ("batchnorm_forward", "batchnorm"),
        ("BatchNormalization", "batchnorm"),
        ("spatial_batchnorm_forward", "spatial_batchnorm"),
        ("BatchNorm2d", "spatial_batchnorm"),
        ("layernorm_backward", "layernorm"),
        ("spatial_groupnorm_forward", "groupnorm"),
        ("SoftmaxCrossEntropyLoss", "softmax_cross_entropy"),
        ("softmax_loss", "softmax_cross_entropy"),
        ("CrossEntropySoftmaxError", "softmax_cross_entropy"),
        ("SigmoidBCELoss", "logistic"),
        ("SoftmaxWithLoss", "softmax_cross_entropy"),
        ("CrossEntropyModule", "softmax_cross_entropy"),
        ("svm_loss", "hinge"),
        ("MSELossLayer", "mean_squared_error"),
        ("EuclideanLoss", "mean_squared_error"),
        ("NLLLoss", "nll"),
        ("sigmoid_cross_entropy_loss", "logistic"),
        ("compute_cost", "binary_cross_entropy"),
        ("l2_regularization", "penalty"),
        ("conv_forward_naive", "conv2d"),
        ("ConvolutionalLayer", "conv2d"),
        ("Conv2d_stride1", "conv2d"),
        ("Conv1d", "conv1d"),
        ("MaxPoolingLayer", "max_pool"),
        ("max_pool_forward_naive", "max_pool"),
        ("pool_forward", "max_pool"),
        ("AvgPool2d", "avg_pool"),
    ],
)
def test_a_name_settles_its_kind(name, kind):
    kinds, settled, _ = likely(name)
    assert kinds[0].name == kind
    assert settled
    assert set(kinds) == set(KINDS)


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("affine_relu_forward", "linear_relu"),
        ("Linear_ReLU", "linear_relu"),
        ("affine_batchnorm_relu_forward", "linear_batchnorm_relu"),
        ("conv_relu_pool_forward", "conv2d_relu_max_pool"),
        ("linear_activation_forward", "linear"),
    ],
)
def test_a_name_of_several_kinds_gives_a_compound(name, joined):
    kinds, settled, _ = likely(name)
    assert isinstance(kinds[0], Compound)
    assert kinds[0].name == joined
    assert settled
    assert kinds[1].name == joined.split("_")[0]
    assert not list(kinds[0].matches({}, kinds[0].configs()[0], kinds[0].layouts()[0]))


@pytest.mark.parametrize("name", ["Layer", "NNForward", "forward", "Module"])
def test_a_name_that_says_nothing_settles_nothing(name):
    kinds, settled, _ = likely(name)
    assert not settled
    assert kinds == list(KINDS)


def test_a_compound_has_the_arrays_and_settings_of_its_first_kind():
    kind, linear = likely("linear_activation_forward").kinds[0], KINDS[0]
    config, layout = kind.configs()[0], kind.layouts()[0]
    assert kind.parameters == ("w", "b")
    assert kind.shape("w", config, layout) == linear.shape("w", config, layout) == (3, 5)
    assert kind.draw("x", config, layout, np.random.default_rng(0)).shape == (4, 3)
    assert kind.values("in", config) == [3]
    assert "relu" in kind.values("activation", config)
    assert likely("affine_relu").kinds[0].values("activation", config) == ["relu"]


def test_names_of_kinds_are_their_own_and_hints_speak_of_kinds_that_exist():
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
    assert {name for _, suggested in HINTS for name in suggested} <= set(names)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["n_in", "n_out"], "linear"),
        (["gamma", "beta"], "batchnorm"),
        (["in_channels", "out_channels", "kernel_size", "stride", "padding"], "conv2d"),
        (["pool_size", "stride"], "max_pool"),
        (["y_pred", "y_target"], "softmax_cross_entropy"),
    ],
)
def test_arguments_decide_the_order_where_the_name_says_nothing(arguments, kind):
    kinds, settled, spoken = likely("Layer", arguments)
    assert (kinds[0].name, settled, spoken) == (kind, False, 0)
