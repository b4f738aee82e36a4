"""What is measured of a workload, its start included. No figure is held to a limit."""

from backhand.bench import timing
from backhand.bench.measure import measure
from backhand.bench.process import BACKHAND
from backhand.bench.startup import import_seconds


def test_imports_are_timed_where_there_is_something_to_import():
    assert import_seconds("backhand") > 0
    assert import_seconds("backhand.no_such_module") is None


def test_all_of_a_workload_is_measured(inputs, monkeypatch):
    monkeypatch.setattr(timing, "WARM_UP_MS", 1.0)
    monkeypatch.setattr(timing, "BLOCK_MS", 1.0)
    found = measure([BACKHAND], inputs, 2)[BACKHAND.name]
    assert len(found.rounds) == 2
    assert found.ms.low <= found.ms.median <= found.ms.high
    assert min(found.import_seconds, found.first_ms) > 0
