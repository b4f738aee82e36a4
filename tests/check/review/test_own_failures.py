"""A failure of the check itself, which costs no more than the unit that it meets."""

from backhand.check.review import examine

TEXT = """
def relu_forward(x):
    return x * (x > 0), x

def relu_backward(dout, x):
    return dout * (x > 0)

def cube_forward(x):
    return x ** 3, x

def cube_backward(dout, x):
    return 3 * x ** 2 * dout
"""


def test_one_unit_is_lost_and_told(tmp_path, monkeypatch):
    file = tmp_path / "layers.py"
    file.write_text(TEXT)
    judge = examine.judge

    def failing(reading, program):
        if reading.unit.name == "relu":
            raise ZeroDivisionError("division by zero")
        return judge(reading, program)

    monkeypatch.setattr(examine, "judge", failing)
    review = examine.review(str(file))
    assert [unit.name for unit in review.units] == ["cube"]
    (unread,) = review.unread
    assert (unread.name, unread.reason) == (
        "relu",
        "the check itself failed here (ZeroDivisionError: division by zero)",
    )
