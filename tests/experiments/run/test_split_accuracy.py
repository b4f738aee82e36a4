"""The accuracy on old and new classes apart, and the time that it takes to measure."""

import time
from types import SimpleNamespace

from backhand.experiments.run import split_accuracy
from backhand.experiments.run.split_accuracy import SplitAccuracy


def test_what_is_measured_counts_as_time_of_the_epoch(make_solver, blobs, monkeypatch):
    now = [0.0]

    def slow(*_):
        now[0] += 5
        return SimpleNamespace(accuracy=0.25)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(split_accuracy, "evaluate", slow)
    solver = make_solver(callbacks=[SplitAccuracy({"old": blobs[0], "new": blobs[1]})])
    first, second = solver.fit(blobs[0], epochs=2)
    assert (first["old_accuracy"], first["new_accuracy"]) == (0.25, 0.25)
    assert [first[key] for key in ("seconds", "elapsed")] == [10, 10]
    assert [second[key] for key in ("seconds", "elapsed")] == [10, 20]


def test_without_feeds_nothing_is_added(make_solver, blobs):
    plain, watched = make_solver(), make_solver(callbacks=[SplitAccuracy({})])
    assert list(plain.fit(blobs[0], epochs=1)[0]) == list(watched.fit(blobs[0], epochs=1)[0])
