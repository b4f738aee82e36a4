"""The layers of all conventions, which are right: each is read as what it is, and nothing is said against it.

The examples lie beside the checkout, where there are any; of the solutions, those on JAX are left to
`python -m tests.check.mutants`: a review of them takes a minute. Several files are in float32.
"""

from pathlib import Path

import pytest

from backhand.check.review.records import Review
from tests.check.mutants.mutant import SOLUTIONS
from tests.check.mutants.reviews import in_parallel, review_in_child

EXAMPLES = Path(__file__).parents[3] / "shared" / "checker" / "examples"
# By convention, each unit and its kind; a network has none, and is compared with differences of its own loss.
LAYERS = {
    "autograd-function": """
        LinearFunction: Linear; ReLUFunction: ReLU; SigmoidFunction: Sigmoid; BatchNormFunction: Batch normalisation;
        LayerNormFunction: Layer normalisation; DropoutFunction: Dropout; Conv2dFunction: Convolution;
        SoftmaxCrossEntropyFunction: Softmax cross-entropy""",
    "berkeley": """
        Sigmoid: Sigmoid; TanH: Tanh; ReLU: ReLU; SoftMax: Softmax; FullyConnected: Linear; Conv2D: Convolution;
        Pool2D: Max pooling; Flatten: Flatten; CrossEntropy: Cross-entropy of probabilities; L2: Mean squared error""",
    "co395-classes": """
        MSELossLayer: Mean squared error; CrossEntropyLossLayer: Softmax cross-entropy; SigmoidLayer: Sigmoid;
        ReluLayer: ReLU; LinearLayer: Linear; MultiLayerNetwork:""",
    "co395-functions": "softmax: Softmax cross-entropy; linear: Linear; relu: ReLU; dropout: Dropout",
    "cs231n": """
        affine: Linear; relu: ReLU; batchnorm: Batch normalisation; layernorm: Layer normalisation; dropout: Dropout;
        conv naive: Convolution; max pool naive: Max pooling; spatial batchnorm: Batch normalisation of images;
        spatial groupnorm: Group normalisation; svm_loss: Multi-class hinge; softmax_loss: Softmax cross-entropy;
        rnn step: Step of a recurrent layer; rnn: Recurrent layer; lstm step: LSTM step; lstm: LSTM;
        word embedding: Embedding; temporal affine: Linear layer over sequences;
        temporal_softmax_loss: Softmax cross-entropy over sequences""",
    "deeplearning-ai": """
        conv: Convolution; pool: Max pooling; linear: Linear; relu: ReLU; sigmoid: Sigmoid;
        linear activation: Linear""",
    "dlcourse-ai": """
        l2_regularization: Penalty on weights; softmax_with_cross_entropy: Softmax cross-entropy; ReLULayer: ReLU;
        FullyConnectedLayer: Linear; ConvolutionalLayer: Convolution; MaxPoolingLayer: Max pooling;
        Flattener: Flatten""",
    "dlfs": """
        Affine: Linear; Relu: ReLU; Sigmoid: Sigmoid; SoftmaxWithLoss: Softmax cross-entropy; Dropout: Dropout;
        BatchNormalization: Batch normalisation; Convolution: Convolution; Pooling: Max pooling""",
    "edinburgh": """
        SumOfSquaredDiffsError: Mean squared error; CrossEntropySoftmaxError: Softmax cross-entropy;
        AffineLayer: Linear; SigmoidLayer: Sigmoid; TanhLayer: Tanh; ReluLayer: ReLU; LeakyReluLayer: Leaky ReLU;
        ELULayer: ELU; SoftmaxLayer: Softmax; DropoutLayer: Dropout; ConvolutionalLayer: Convolution""",
    "eecs498": """
        Conv: Convolution; MaxPool: Max pooling; BatchNorm: Batch normalisation;
        SpatialBatchNorm: Batch normalisation of images; softmax_loss: Softmax cross-entropy;
        svm_loss: Multi-class hinge; Linear: Linear; ReLU: ReLU; Linear_ReLU:; Dropout: Dropout; TwoLayerNet:""",
    "fudan": "Linear: Linear; conv2D: Convolution; ReLU: ReLU; MultiCrossEntropyLoss: Softmax cross-entropy",
    "gatech": """
        Conv2D: Convolution; Linear: Linear; MaxPooling: Max pooling; ReLU: ReLU;
        SoftmaxCrossEntropy: Softmax cross-entropy""",
    "holberton": "conv: Convolution; pool: Max pooling",
    "mytorch": """
        Identity: Identity; Sigmoid: Sigmoid; Tanh: Tanh; ReLU: ReLU; GELU: GELU; Softmax: Softmax;
        BatchNorm1d: Batch normalisation; Conv2d_stride1: Convolution; Conv2d: Convolution; Flatten: Flatten;
        Linear: Linear; MSELoss: Mean squared error; CrossEntropyLoss: Softmax cross-entropy;
        MaxPool2d_stride1: Max pooling; MaxPool2d: Max pooling; MeanPool2d_stride1: Average pooling;
        MeanPool2d: Average pooling; Upsample2d:; Downsample2d:""",
    "nielsen": "sigmoid: Sigmoid; Network:",
    "technion": """
        LeakyReLU: Leaky ReLU; ReLU: ReLU; Sigmoid: Sigmoid; TanH: Tanh; Linear: Linear;
        CrossEntropyLoss: Softmax cross-entropy; Dropout: Dropout""",
    "torch7": """
        Linear: Linear; SoftMax: Softmax; LogSoftMax: Softmax; BatchNormalization: Batch normalisation;
        ChannelwiseScaling:; Dropout: Dropout; ReLU: ReLU; LeakyReLU: Leaky ReLU; ELU: ELU; SoftPlus: Softplus;
        MSECriterion: Mean squared error; ClassNLLCriterion: Negative log-likelihood""",
    "two-layer-loss": "TwoLayerNet:",
    "uva": """
        MLP:; LinearModule: Linear; ReLUModule: ReLU; LeakyReLUModule: Leaky ReLU; ELUModule: ELU;
        SoftMaxModule: Softmax; CrossEntropyModule: Cross-entropy of probabilities""",
    "01_cs231n.py": "affine: Linear; dropout: Dropout; softmax_loss: Softmax cross-entropy",
    "02_two_layer_loss.py": "TwoLayerNet:",
    "03_co395_functions.py": "linear: Linear; relu: ReLU; dropout: Dropout",
    "04_co395_classes.py": "LinearLayer: Linear; MSELossLayer: Mean squared error",
    "05_deeplearning_ai.py": "linear: Linear; relu: ReLU",
    "06_holberton.py": "conv: Convolution",
    "07_dlfs.py": "Affine: Linear; Dropout: Dropout; SoftmaxWithLoss: Softmax cross-entropy",
    "08_mytorch.py": "Linear: Linear; Sigmoid: Sigmoid; MSELoss: Mean squared error",
    "09_eecs498.py": "Linear: Linear; Dropout: Dropout",
    "10_epfl.py": "Linear: Linear",
    "11_dlcourse_ai.py": "softmax_with_cross_entropy: Softmax cross-entropy; FullyConnectedLayer: Linear",
    "12_uva_modules.py": """
        LinearModule: Linear; SoftMaxModule: Softmax; CrossEntropyModule: Cross-entropy of probabilities""",
    "13_autograd_function.py": "BatchNormFunction: Batch normalisation",
    "14_fudan_mynn.py": "Linear: Linear; MultiCrossEntropyLoss: Softmax cross-entropy",
    "15_gatech.py": "Linear: Linear; SoftmaxCrossEntropy: Softmax cross-entropy",
    "16_edinburgh_mlp.py": "AffineLayer: Linear; TanhLayer: Tanh",
    "17_thu_layers.py": "Linear: Linear; EuclideanLoss: Mean squared error",
    "18_torch7_modules.py": "Linear: Linear; MSECriterion: Mean squared error",
    "19_cs189.py": "FullyConnected: Linear",
    "20_ucsd.py": "Activation: Sigmoid; Layer: Linear",
    "21_cs224n.py": "sigmoid: Sigmoid; forward_backward_prop:",
    "22_nielsen.py": "sigmoid: Sigmoid; Network:",
    "23_coursera_ml.py": "nnCostFunction:",
    "24_technion.py": "Linear: Linear; CrossEntropyLoss: Softmax cross-entropy",
    "25_cmu720.py": "sigmoid: Sigmoid; forward: Linear",
    "26_cmu601.py": "nn:",
    "27_jax_custom_vjp.py": "swish:",
}
SLOW = {"27_jax_custom_vjp.py"}
ALLOWED = {"the exponential overflows", "the logarithm of 0"}
NAMES = [name for name in LAYERS if name not in SLOW and ((SOLUTIONS / name).exists() or (EXAMPLES / name).exists())]


def _kinds(name: str) -> dict[str, str]:
    pairs = (" ".join(unit.split()).partition(":") for unit in LAYERS[name].split(";"))
    return {unit: kind.strip() for unit, _, kind in pairs}


@pytest.fixture(scope="module")
def reviews() -> dict[str, Review]:
    """The review of every convention, by its name."""

    def review(name: str) -> Review:
        return review_in_child(SOLUTIONS / name if (SOLUTIONS / name).exists() else EXAMPLES / name)

    return dict(zip(NAMES, in_parallel(review, NAMES), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_read_as_what_it_is(name: str, reviews: dict[str, Review]) -> None:
    assert reviews[name].failure == ""
    found = {unit.name: unit.kind for unit in reviews[name].units}
    wanted = _kinds(name)
    assert {unit: found.get(unit, "not read") for unit in wanted} == wanted


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_said_against_it(name: str, reviews: dict[str, Review]) -> None:
    told = [(each.severity, each.cause) for each in reviews[name].findings if each.severity != "style"]
    assert [each for each in told if each[0] != "warning" or each[1] not in ALLOWED] == []


def test_every_solution_has_its_row() -> None:
    assert {path.name for path in SOLUTIONS.iterdir()} - {"jax-custom-vjp", "__pycache__"} <= set(LAYERS)
