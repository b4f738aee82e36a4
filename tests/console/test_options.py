"""What options hand over to commands: values, not text."""

from backhand.backend import BACKENDS
from backhand.console.options import BackendName, Names


def test_an_option_admits_every_backend_that_there_is():
    assert tuple(BackendName) == BACKENDS


def test_names_are_separated_by_commas():
    assert Names.parse("two_layer, mnist_cnn,") == ("two_layer", "mnist_cnn")
    assert Names.parse("") == ()
