"""To read a file takes over its process, which the tests of loading give back as it was."""

from tests.check.source.conftest import process

__all__ = ["process"]
