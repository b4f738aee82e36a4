"""The network for photographs: as many stages as the size asks for, totals by hand."""

import numpy as np
import pytest

from backhand.architectures import images_cnn
from backhand.errors import ModelError
from backhand.experiments.build import build_model
from backhand.study import load


def channels(side: int, width: int = 128) -> list[int]:
    return [layer.outputs for layer in images_cnn(2, side, width).layers if layer.op_name == "conv2d"]


def test_at_32_pixels_it_has_six_convolutions() -> None:
    model = images_cnn(10, 32).build((32, 32, 3))
    convolutions = [3 * 32, 32 * 32, 32 * 64, 64 * 64, 64 * 128, 128 * 128]
    scales = 2 * (32 + 32 + 64 + 64 + 128 + 128)
    assert model.parameters.values.size == 9 * sum(convolutions) + scales + 128 * 10 + 10
    pixels = np.repeat([32**2, 16**2, 8**2], 2)
    work = 9 * (pixels * convolutions).sum() + 1280
    assert sum(row["multiply_adds"] for row in model.rows()) == work == 38_634_752
    names = [type(layer).__name__ for layer in model.layers]
    assert names == [
        *(["Conv2d", "BatchNorm", "ReLU"] * 2 + ["MaxPool2d"]) * 3,
        *("GlobalAvgPool2d", "Linear"),
    ]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (6, [128] * 2),
        (23, [64] * 2 + [128] * 2),
        (24, [32] * 2 + [64] * 2 + [128] * 2),
        (47, [32] * 2 + [64] * 2 + [128] * 2),
        (48, [16] * 2 + [32] * 2 + [64] * 2 + [128] * 2),
        (96, [16] + [16] * 2 + [32] * 2 + [64] * 2 + [128] * 2),
        (192, [16] * 2 + [16] * 2 + [32] * 2 + [64] * 2 + [128] * 2),
    ],
)
def test_stages_double_with_the_side(side: int, expected: list[int]) -> None:
    assert channels(side) == expected


@pytest.mark.parametrize("side", range(6, 200))
def test_three_to_five_pixels_are_left_of_every_side(side: int) -> None:
    model = images_cnn(2, side, 8)
    stages = sum(layer.op_name == "max_pool2d" for layer in model.layers)
    assert 3 <= side >> stages <= 5


def test_widths_halve_to_sixteen_at_least_or_to_the_width_itself() -> None:
    assert channels(64, 256) == [32] * 2 + [64] * 2 + [128] * 2 + [256] * 2
    assert channels(48, 8) == [8] * 8


def test_dropout_stands_before_the_last_layer() -> None:
    assert [str(layer) for layer in images_cnn(2, dropout=0.3).layers[-3:]] == [
        *("GlobalAvgPool2d()", "Dropout(p=0.3)", "Linear(2, init=0.01)")
    ]


@pytest.mark.parametrize("wrong", [{"side": 5}, {"width": 0}])
def test_what_is_too_small_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"^images_cnn needs sides of 6 pixels or more and a width above 0"):
        images_cnn(2, **wrong)


def test_a_study_builds_it_for_the_shape_of_its_samples() -> None:
    study = load("images", ["model.width=16"])
    model = build_model(study, (50, 30, 1), 3)
    assert sum(layer.op_name == "conv2d" for layer in model.layers) == 6
    assert model.output_shape == (3,)
    with pytest.raises(ModelError, match=r"images_cnn needs images, but the samples are rows of 4 features"):
        build_model(study, (4,), 3)
    with pytest.raises(ModelError, match=r"images_cnn needs sides of 6 pixels or more"):
        build_model(study, (4, 9, 1), 3)
