"""What the shell proposes for a data set; `console.completion` has the rest."""

from backhand.console.completion import folders


def data_sets(incomplete: str) -> list[str]:
    """The names of the data sets that begin so."""
    from backhand.data.registry import DATASETS

    return [name for name in DATASETS if name.startswith(incomplete)]


def data_sets_and_folders(incomplete: str) -> list[str]:
    """Data sets, and the folders of experiments, for what takes either."""
    return [*data_sets(incomplete), *folders(incomplete)]
