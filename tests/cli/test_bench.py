"""`backhand bench`: a row per workload."""

from backhand.bench import timing


def test_the_command_prints_a_row_per_workload(cli, monkeypatch):
    monkeypatch.setattr(timing, "WARM_UP_MS", 1.0)
    status, output = cli("bench", "--only", "two_layer", "--rounds", "1")
    assert status == 0
    assert "two_layer 400 0.395" in output
    assert "import: backhand" in output
    status, output = cli("bench", "--only", "two_layer", "--rounds", "1", "--precision", "bfloat16")
    assert status == 0
    assert "GFLOP/s (multiply-adds in bfloat16)" in output
    status, output = cli("bench", "--precision", "half")
    assert (status, output[:36]) == (2, 'error: there is no precision "half";')
    status, output = cli("bench", "--only", "three_layer")
    assert (status, output[:37]) == (2, 'error: unknown workload "three_layer"')
