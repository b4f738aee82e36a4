"""Right layers in unusual forms: each is read as what it is, and nothing is said against it."""

from pathlib import Path

import pytest

from backhand.check.review.records import Review
from tests.check.mutants.reviews import in_parallel, review_in_child

FOLDER = Path(__file__).parent / "variants"
LINEAR, NORM = "Linear", "Batch normalisation"
KINDS = {
    "affine_forms.py": {
        "einsum linear": LINEAR,
        "loop linear": LINEAR,
        "tuple affine": LINEAR,
        "dictionary affine": LINEAR,
        "partial affine": LINEAR,
        "BiasRowLinear": LINEAR,
        "SlottedLinear": LINEAR,
        "DataLinear": LINEAR,
        "LazyDense": LINEAR,
        "NestedLinear": LINEAR,
        "PropertyLinear": LINEAR,
        "CalledLinear": LINEAR,
    },
    "activation_forms.py": {
        "relu": "ReLU",
        "sigmoid": "Sigmoid",
        "tanh": "Tanh",
        "square": "Function",
        "LoopSoftmax": "Softmax",
        "LeakyReLU": "Leaky ReLU",
        "Softplus": "Softplus",
        "ELU": "ELU",
        "InPlaceReLU": "ReLU",
        "BufferTanh": "Tanh",
        "StaticSwish": "Swish",
        "ClassGELU": "GELU",
    },
    "normalisation_forms.py": {
        "batchnorm": NORM,
        "layernorm": "Layer normalisation",
        "BatchNorm": NORM,
        "BatchNorm2d": "Batch normalisation of images",
    },
    "dropout_forms.py": {
        "dropout": "Dropout",
        "GeneratorDropout": "Dropout",
        "WhereDropout": "Dropout",
        "TestScaledDropout": "Dropout",
    },
    "loss_forms.py": {
        "softmax_loss": "Softmax cross-entropy",
        "cross_entropy_loss": "Softmax cross-entropy",
        "svm_loss_loops": "Multi-class hinge",
        "l1_penalty": "Penalty on weights",
        "l2_regularization": "Penalty on weights",
        "SumCrossEntropy": "Softmax cross-entropy",
        "MSELoss": "Mean squared error",
        "HalfMSELoss": "Mean squared error",
        "BCEWithLogitsLoss": "Binary cross-entropy of scores",
        "HuberLoss": "Huber's loss",
        "BCELoss": "Binary cross-entropy of probabilities",
    },
    "image_forms.py": {
        "conv strides": "Convolution",
        "conv loops": "Convolution",
        "max pool": "Max pooling",
        "ConvLast": "Convolution",
        "AvgPool2d": "Average pooling",
        "GlobalAvgPool": "Global average pooling",
        "Flatten": "Flatten",
    },
    "together_forms.py": {"Dense": LINEAR, "Relu": "ReLU", "CrossEntropy": "Cross-entropy of probabilities"},
    "closure_forms.py": {"linear": LINEAR, "relu": "ReLU", "sigmoid": "Sigmoid", "affine": LINEAR},
    "sequence_forms.py": {
        "rnn step": "Step of a recurrent layer",
        "word embedding": "Embedding",
        "groupnorm": "Group normalisation",
        "TwoLayerNet": "",
        "affine relu": "",
    },
    "generator_forms.py": {
        "FlatLinear": LINEAR,
        "StackReLU": "ReLU",
        "GeneratedSigmoid": "Sigmoid",
        "SquareHinge": "Multi-class hinge",
    },
}
# What is read, and found right, though not as the kind that it is.
WITHOUT_KIND = {"LazyDense", "PropertyLinear", "l1_penalty"}


@pytest.fixture(scope="module")
def reviews() -> dict[str, Review]:
    """The review of every file, by its name."""
    return dict(zip(KINDS, in_parallel(lambda name: review_in_child(FOLDER / name), KINDS), strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_every_layer_is_read_as_what_it_is(name: str, reviews: dict[str, Review]) -> None:
    review = reviews[name]
    assert review.failure == ""
    found = {unit.name: unit.kind for unit in review.units}
    wanted = {unit: kind for unit, kind in KINDS[name].items() if unit not in WITHOUT_KIND}
    assert {unit: found.get(unit, "not read") for unit in wanted} == wanted


@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_said_against_it(name: str, reviews: dict[str, Review]) -> None:
    told = [(finding.severity, finding.headline) for finding in reviews[name].findings if finding.severity != "style"]
    assert told == []
    assert all(unit.tried for unit in reviews[name].units)


def test_the_forms_are_many() -> None:
    assert sum(len(kinds) for kinds in KINDS.values()) >= 60
