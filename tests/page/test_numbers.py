"""Numbers as reports write them."""

from backhand.page.numbers import decimal, duration, percent, plain, time_spent


def test_shares_decimals_durations_and_settings():
    assert percent(0.97222) == "97.22%"
    assert percent(None) == percent(float("nan")) == "–"
    assert [decimal(x) for x in (0.12345, 0.00012345, 123456.0, float("inf"))] == [
        *("0.1235", "0.000123", "1.23e5", "not finite")
    ]
    assert [duration(s) for s in (0.5, 61.04, 725, 8000)] == ["0.50 s", "61.0 s", "12 min 5 s", "2 h 13 min"]
    assert plain([True, 1e-5, "a", {"k": None}]) == "[true, 1e-05, a, {k = –}]"


def test_time_that_was_spent_in_words():
    assert time_spent(1, 20, 1.25, None) == "1 epoch (20 steps) took 1.25 s"
    assert (
        time_spent(3000, 15000, 725, 0.25) == "3,000 epochs (15,000 steps) took 12 min 5 s, and saving another 0.25 s"
    )
