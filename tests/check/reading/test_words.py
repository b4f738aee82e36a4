"""What names say of arguments and gradients."""

import pytest

from backhand.check.reading.roles import roles
from backhand.check.reading.words import are_alike, stems, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("maxPool_forward2", ["max", "pool", "forward", "2"]),
        ("dLdW", ["d", "ld", "w"]),
        ("MLPLayer", ["mlp", "layer"]),
        ("grad_W_current", ["grad", "w", "current"]),
        ("", []),
    ],
)
def test_a_name_is_taken_apart_into_words(name, expected):
    assert words(name) == expected


@pytest.mark.parametrize(
    ("gradient", "parameter"),
    [
        ("dW", "W"),
        ("_grad_W_current", "_W"),
        ("dLdW", "W"),
        ("grads.weight", "params.weight"),
        ("W.grad", "W.value"),
        ("d_w", "w"),
        ("dgamma", "gamma"),
        ("gradb", "b"),
        ("dw", "weight"),
        ("db", "biases"),
    ],
)
def test_a_gradient_is_known_by_its_parameters_name(gradient, parameter):
    assert are_alike(gradient, parameter)


@pytest.mark.parametrize(("gradient", "parameter"), [("dW", "b"), ("diff_W", "b"), ("dx", "W"), ("dW1", "W2")])
def test_other_names_are_not_alike(gradient, parameter):
    assert not are_alike(gradient, parameter)


def test_a_leading_d_may_belong_to_the_word():
    assert stems("db") >= {"b", "db"}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("A_prev", "x"),
        ("X", "x"),
        ("grad_output", "dy"),
        ("dLdZ", "dy"),
        ("gradwrtoutput", "dy"),
        ("n_in", "in"),
        ("out_features", "out"),
        ("kernel_size", "window"),
        ("W1", "w"),
        ("biases", "b"),
        ("train_flg", "train"),
        ("dropout_ratio", "p"),
        ("h0", "prev_h"),
        ("running_mean", "running_mean"),
        ("y_true", "labels"),
        ("hidden_dim", "hidden"),
    ],
)
def test_a_name_suggests_a_role(name, role):
    assert roles(name)[0] == role


def test_a_name_that_says_nothing_has_no_role():
    assert roles("zing") == ()
