"""`backhand data` within this process, for what it prints."""

from typer.testing import CliRunner

from backhand.cli.data import app


def run(*arguments):
    """The text it prints; an error it raises is raised here."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False, env={"COLUMNS": "400"})
    assert result.exit_code == 0, result.output
    return result.output
