"""The guide to exercises lists the conventions as the command does."""

import re

from backhand.exercises.catalogue import CONVENTIONS
from tests.docs.markdown_pages import GUIDES


def test_the_table_lists_every_convention() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \| (.+) \| (.+) \| (\w+) \|$", (GUIDES / "exercises.md").read_text("utf-8"), re.M
    )
    assert rows == [(each.name, each.course, each.form, each.arrays) for each in CONVENTIONS]
