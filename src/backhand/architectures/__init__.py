"""Named architectures: functions from the number of outputs, and options, to a model."""

from collections.abc import Callable

from backhand.architectures.classic import fer_cnn, lenet, mnist_model4, vgg_small
from backhand.architectures.cnn import Block, cnn
from backhand.architectures.images_cnn import images_cnn
from backhand.architectures.mlp import mlp
from backhand.architectures.resnet import resnet
from backhand.model.sequential import Sequential

MODELS: dict[str, Callable[..., Sequential]] = {
    model.__name__: model for model in (mlp, cnn, lenet, mnist_model4, fer_cnn, vgg_small, images_cnn, resnet)
}

__all__ = ["MODELS", "Block", "cnn", "fer_cnn", "images_cnn", "lenet", "mlp", "mnist_model4", "resnet", "vgg_small"]
