"""A review survives the way through JSON."""

import json
from math import isnan

from backhand.check.review.records import Review
from backhand.files import jsontext
from tests.check.review.examples import FAILED, FULL, NOTHING, RIGHT


def test_a_review_is_the_same_after_json():
    for review in (FULL, RIGHT, FAILED, NOTHING):
        values = json.loads(json.dumps(review.to_json()))
        assert str(Review.from_json(values)) == str(review)  # as text, since no NaN equals another


def test_unknown_entries_of_a_picture_are_null_in_files():
    again = Review.from_json(jsontext.loads(jsontext.dumps(FULL.to_json())))
    given = next(finding.picture.given for finding in again.findings if finding.picture)
    assert isnan(given[4])
    assert given[5] == 6


def test_only_a_whole_review_without_mistakes_passes():
    assert [review.passed for review in (RIGHT, FULL, FAILED, NOTHING)] == [True, False, False, False]
