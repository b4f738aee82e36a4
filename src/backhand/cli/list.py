"""`backhand list`: the studies and the series that come with the package."""


def list_() -> None:
    """List the studies and the series that come with the package."""
    from rich.table import Table

    from backhand.console.terminal import make_console
    from backhand.study import shipped, shipped_series

    table = Table("study", "data", "model", "epochs", "title", box=None, header_style="bold", pad_edge=False)
    for study in shipped().values():
        table.add_row(study.name, study.data.name, study.model.name, str(study.train.epochs), study.title)
    for each in shipped_series().values():
        runs = sum(sum(1 for _ in part.cells()) * part.seeds for part in each.parts)
        table.add_row(each.name, "", f"{runs} runs", "", each.title)
    make_console().print(table)
