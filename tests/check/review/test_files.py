"""JSON and JUnit: what other programs read of a review."""

import json
from dataclasses import replace
from xml.etree import ElementTree

from backhand.check.review.forms.files import json_of, json_of_all, junit
from backhand.check.review.records import Review
from tests.check.review.examples import AVERAGED, FAILED, FULL, NOTHING, RELU, RIGHT


def test_json_holds_the_review_and_its_result():
    values = json.loads(json_of(FULL))
    assert (values["version"], values["passed"]) == (1, False)
    assert values["conclusion"].startswith("4 checked")
    assert values["units"][0]["findings"][1]["change"]["after"] == "db = dout.sum(0)"
    assert str(Review.from_json(values).units[0]) == str(FULL.units[0])
    assert "NaN" not in json_of(FULL)


def test_json_of_several_holds_the_mistakes_that_they_share():
    values = json.loads(json_of_all([FULL, RIGHT, replace(FULL, target="other.py")]))
    assert [review["target"] for review in values["reviews"]] == ["layers.py", "relu.py", "other.py"]
    assert values["mistakes"][0] == {
        "kind": "Linear",
        "cause": "averaged over the batch",
        "severity": "wrong",
        "submissions": ["layers.py", "other.py"],
    }
    assert values["mistakes"][1]["cause"] == "backward, not explained"


def suites(*reviews):
    return list(ElementTree.fromstring(junit(reviews)))


def test_junit_has_a_case_for_each_layer_and_a_failure_for_each_mistake():
    (suite,) = suites(FULL)
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {
        "affine": ["failure"],
        "relu": [],
        "conv": ["failure"],
        "softmax": [],
        "the layers together": ["failure"],
        "lstm": ["skipped"],
        "`dropout_backward` is not written yet": ["skipped"],
    }
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "7", "failures": "3", "errors": "0", "skipped": "2"}
    failure = suite.find("testcase[@name='affine']/failure")
    assert failure.get("type") == "wrong"
    assert failure.get("message").startswith("`affine_backward`, line 7: db is averaged")
    assert failure.text.endswith("with this change the check passes:\n- db = dout.mean(0)\n+ db = dout.sum(0)")
    assert suite.find("testcase[@name='affine']").get("line") == "3"


def test_junit_has_an_error_where_a_check_came_to_no_end_or_checked_nothing():
    failed, nothing, right = suites(FAILED, NOTHING, RIGHT)
    assert failed.find("testcase/error").get("message") == FAILED.failure
    assert "Nothing could be checked" in nothing.find("testcase/error").get("message")
    assert right.get("errors") == right.get("failures") == "0"


def test_characters_that_xml_cannot_hold_are_replaced():
    odd = replace(RELU, name="re\x1blu", findings=(replace(AVERAGED, headline="\x00 is odd \ud800"),))
    (suite,) = suites(replace(RIGHT, units=(odd,)))
    assert suite.find("testcase").get("name") == "re?lu"
