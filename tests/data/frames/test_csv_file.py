"""CSV files in every form in which people have them, and what is wrong with others."""

import gzip
import re

import numpy as np
import pytest

from backhand.data.frames.csv_file import read_csv
from backhand.data.frames.encoding import Encoding
from backhand.errors import DataError


def read(tmp_path, text, name="t.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / name).write_bytes(content)
    return read_csv(tmp_path / name)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_recognised(tmp_path, delimiter):
    frame = read(tmp_path, f"a{delimiter}b\n1{delimiter}x\n2{delimiter}y\n")
    assert frame.column("a").values.tolist() == [1, 2]
    assert frame.column("b").values.tolist() == ["x", "y"]
    assert frame.lines.tolist() == [2, 3]


def test_quotation_marks_hold_delimiters_and_line_breaks(tmp_path):
    frame = read(tmp_path, 'name,"a, b"\n"Meyer, ""Max""",1\n"two\nlines",2\n\nend,3\n')
    assert list(frame.columns) == ["name", "a, b"]
    assert frame.column("name").values.tolist() == ['Meyer, "Max"', "two\nlines", "end"]
    assert frame.lines.tolist() == [2, 4, 6]


def test_numbers_in_every_form(tmp_path):
    frame = read(tmp_path, "a;b;c;d\n1,5;true;1e3; 7 \n-2;FALSE;.5;\n")
    assert frame.column("a").values.tolist() == [1.5, -2]
    assert frame.column("b").values.tolist() == [1, 0]
    assert frame.column("c").values.tolist() == [1000, 0.5]
    assert frame.column("d").missing.tolist() == [False, True]
    assert [frame.column(name).kind for name in "abcd"] == ["number"] * 4


def kinds(tmp_path, *values, delimiter=";"):
    frame = read(tmp_path, f"a{delimiter}b\n" + "".join(f'"{value}"{delimiter}1\n' for value in values))
    return frame.column("a")


def test_a_comma_is_a_decimal_point_only_where_that_is_certain(tmp_path):
    assert kinds(tmp_path, "1,5", "2", "1,234").values.tolist() == [1.5, 2, 1.234]
    assert kinds(tmp_path, "0,125", "1,250").values.tolist() == [0.125, 1.25]
    assert kinds(tmp_path, ",5", "-1,5e3").values.tolist() == [0.5, -1500]
    for doubtful in (("1,234", "999", "12,500"), ("1,5", "2.5"), ("1,234,567",), ("1_000", "2"), ("1'000", "1.5")):
        column = kinds(tmp_path, "7", *doubtful)
        assert (column.kind, column.separated()) == ("text", 1)
    assert kinds(tmp_path, "1,5", "2,5", delimiter=",").kind == "text"
    assert kinds(tmp_path, "1,5 m", "2,5").separated() is None


@pytest.mark.parametrize(
    ("value", "advice"),
    [("1,234", "write 1234 or 1.234, or"), ("1_000", "write 1000, or"), ("1,234,567.5", "write 1234567.5, or")],
)
def test_numbers_with_separators_are_refused_with_their_line(tmp_path, value, advice):
    frame = read(tmp_path, f'a,b\n999,1\n"{value}",2\n')
    with pytest.raises(DataError, match=rf'line 3 of .*t\.csv has "{value}" in column "a", and numbers .*: {advice}'):
        Encoding.fit(frame, ["a"])
    assert len(Encoding.fit(frame, ["a"], categories=["a"]).columns[0].categories) == 2


def test_numbers_that_look_like_names_of_the_training_are_these(tmp_path):
    encoding = Encoding.fit(read(tmp_path, "a,b\n01,1\n1a,2\ntrue,3\n"), ["a"])
    assert encoding.encode(read(tmp_path, "a,b\n01,1\n")).tolist() == [[1, 0, 0]]
    assert encoding.encode(read(tmp_path, "a,b\ntrue,1\n")).tolist() == [[0, 0, 1]]


def test_nanoseconds_that_float64_does_not_tell_apart_are_refused(tmp_path):
    frame = read(tmp_path, "t,b\n1700000000000000001,1\n1700000000000000002,2\n")
    with pytest.raises(DataError, match=r'column "t" .* has numbers such as 1700000000000000001, and float64 rounds'):
        Encoding.fit(frame, ["t"])


@pytest.mark.parametrize("inside", ["\u2028", "\f", "\x85", "\v", "\x1c"])
def test_a_field_may_hold_what_only_python_takes_for_a_line_break(tmp_path, inside):
    frame = read(tmp_path, f"a,b\nx{inside}y,1\nz,2\n")
    assert frame.column("a").values.tolist() == [f"x{inside}y", "z"]
    assert frame.lines.tolist() == [2, 3]


@pytest.mark.parametrize("marker", ["", "NA", "n/a", "NaN", "null", "None", "?", " "])
def test_markers_of_missing_values(tmp_path, marker):
    frame = read(tmp_path, f"a,b,c\n1,x,1\n{marker},{marker},2\n")
    assert np.isnan(frame.column("a").values[1])
    assert frame.column("b").missing.tolist() == [False, True]


@pytest.mark.parametrize("date", ["2024-01-31", "2024-01-31 12:30", "31.01.2024", "1/31/24", "2024/1/31"])
def test_dates_are_recognised(tmp_path, date):
    assert read(tmp_path, f"a,b\n{date},1\n,2\n").column("a").kind == "date"


def test_what_only_looks_like_a_date_or_number_is_text(tmp_path):
    frame = read(tmp_path, "a,b\n2024-01-31,1\nlater,1-2\n")
    assert [frame.column(name).kind for name in "ab"] == ["text", "text"]


def test_packed_files_and_byte_order_marks(tmp_path):
    assert list(read(tmp_path, gzip.compress(b"a,b\n1,2\n"), "t.csv.gz").columns) == ["a", "b"]
    assert list(read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n").columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n1,2,3\n", r"line 3 of .*t\.csv has 3 values, and the first line names 2 columns"),
        ("a,b\n1\n", r"line 2 of .* has 1 value, and"),
        ("1,2\n3,4\n", "the first line of .* names no columns"),
        ("", "names no columns"),
        ("a,b\n", "has no rows below the line"),
        ("a,,c\n1,2,3\n", "column 2 of .* has no name"),
        ("a,a\n1,2\n", 'two columns of .* are named "a"'),
        (b"a,b\n\xff,1\n", "UTF-8"),
        (b"\x1f\x8bbroken", "damaged gzip file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    with pytest.raises(DataError, match=re.compile(said, re.DOTALL)):
        read(tmp_path, text)


def test_a_folder_and_an_absent_file(tmp_path):
    with pytest.raises(DataError, match=r"is a folder; name a \.csv file in it"):
        read_csv(tmp_path)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_csv(tmp_path / "absent.csv")
