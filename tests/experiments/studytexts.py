"""Texts of small studies and series of the digits, which tests complete with what they are about."""


def searched(table: str, *, size: int = 100, hidden: int = 4, epochs: int = 1) -> str:
    """A study with a search, whose table holds these lines."""
    return f"""
name = "small"
[data]
name = "digits"
validation = 0.3
train_size = {size}
[model]
name = "mlp"
hidden = [{hidden}]
[train]
epochs = {epochs}
[search]
{table.strip()}
"""


def series(*parts: str) -> str:
    """A series of these parts, each given by the lines of its table but for its name and title, one and two."""
    head = 'name = "few"\ntitle = "Few"\nminutes = 0.1\nmemory = 0.1\n'
    tables = (f'[[parts]]\nname = "{name}"\ntitle = "{name.title()}"\n' for name in ("one", "two"))
    return head + "".join(table + part.strip() + "\n" for table, part in zip(tables, parts, strict=False))
