"""A worker whose review only runs the file: what it says is known, and it starts at once."""

import runpy

from backhand.check.review.records import Review
from backhand.check.review.worker import serve
from backhand.errors import BackhandError
from tests.check.review.examples import CONV, RELU


def main():
    serve(review)


def review(target, announce):
    announce(RELU)
    result = runpy.run_path(target)
    if "refused" in result:
        raise BackhandError(result["refused"])
    announce(CONV)
    return Review(target, (RELU, CONV))
