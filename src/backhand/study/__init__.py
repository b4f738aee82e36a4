"""Studies: what to train, as frozen, validated values; TOML in, TOML out, no code executed.

Each table is a class whose name ends in `Table`. A table that describes a thing makes it: `table.make(...)`, with what
the table itself does not say as arguments. What needs several tables at once, such as the solver, is assembled in
`experiments.build`. This room imports the rooms of data, models and training, which know nothing of studies.
"""

from backhand.study.schema import Study
from backhand.study.series import Series
from backhand.study.text import shipped_text
from backhand.study.toml import (
    changed,
    is_series,
    load,
    load_series,
    make_table,
    shipped,
    shipped_series,
    to_toml,
    to_values,
)

__all__ = [
    "Series",
    "Study",
    "changed",
    "is_series",
    "load",
    "load_series",
    "make_table",
    "shipped",
    "shipped_series",
    "shipped_text",
    "to_toml",
    "to_values",
]
