"""CSV files in every form in which people have them, and what is wrong with others."""

import gzip
import re

import numpy as np
import pytest

from backhand.data.frames.csv_file import read_csv
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
