"""A person's file runs in a process of its own: what it does there ends within the limits."""

from backhand.check.doctor.process import examine_file
from backhand.check.review.process import Limits
from tests.check.doctor.programs import TWO_LAYERS


def test_the_diagnosis_comes_back_from_the_process(tmp_path):
    file = tmp_path / "net.py"
    file.write_text(f"{TWO_LAYERS}\nprint('noise')\n", "utf-8")
    stages = []
    (diagnosis,) = examine_file(str(file), progress=stages.append)
    assert diagnosis.target == "TwoLayerNet in net.py"
    assert diagnosis.status == 0
    assert "TwoLayerNet" in stages or stages == []  # the process may end between two looks at it


def test_what_takes_too_long_is_ended_and_what_was_finished_is_kept(tmp_path):
    endless = "class Endless:\n    def loss(self, x, y):\n        while True:\n            pass\n"
    file = tmp_path / "net.py"
    file.write_text(f"{TWO_LAYERS}\n{endless}", "utf-8")
    first, *_, last = examine_file(str(file), Limits(seconds=6))
    assert first.target == "TwoLayerNet in net.py"
    assert first.status == 0
    assert "after 6 seconds, its limit" in last.failure
    assert last.status == 2


def test_files_without_networks_and_missing_files_are_refused(tmp_path):
    file = tmp_path / "empty.py"
    file.write_text("x = 1\n", "utf-8")
    (refused,) = examine_file(str(file))
    assert "there is no class with a method" in refused.failure
    (missing,) = examine_file(str(tmp_path / "none.py"))
    assert missing.failure.startswith("there is no ")
