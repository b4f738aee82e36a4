"""The table of a benchmark."""

from backhand.bench.measure import Measurement
from backhand.bench.table import Row, format_figure, make_table
from backhand.bench.workloads import WORKLOADS


def test_the_table_says_what_was_measured():
    measured = Measurement(0.1, 9.5, [2.0, 1.0, 4.0], None, "some BLAS")
    row = Row(WORKLOADS["two_layer"], 0.4, measured)
    assert row.cells(400.0) == ["400", "0.400", "2.00", "1.00 to 4.00", "200", "50%", "9.50", "-"]
    assert row.cells(None)[5] == "-"
    assert [column.header for column in make_table([row], None).columns][:2] == ["workload", "batch"]
    assert [format_figure(value) for value in (None, 0.123, 12.34, 1234.5)] == ["-", "0.12", "12.3", "1,234"]
