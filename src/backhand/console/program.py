"""A program whose every command takes --quiet, --verbose and --json."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from backhand.console.output import OUTPUT

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Verbose = Annotated[
    int, typer.Option("--verbose", "-v", count=True, show_default=False, help="Show the log; -vv shows all of it.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
OPTIONS: dict[str, tuple[Any, Any]] = {"quiet": (Quiet, False), "verbose": (Verbose, 0), "json": (Json, False)}


def with_output(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the three options, which it need not know of. Raises ValueError for one with an own of them."""

    @wraps(command)
    def run(**arguments: Any) -> Any:
        OUTPUT.choose(**{name: arguments.pop(name) for name in OPTIONS})
        return command(**arguments)

    own = signature(command)
    if taken := [name for name in OPTIONS if name in own.parameters]:
        raise ValueError(f"every command has the option --{taken[0]} already; give that of this command another name")
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in OPTIONS.items()
    ]
    run.__signature__ = own.replace(parameters=[*own.parameters.values(), *added])  # type: ignore[attr-defined]
    run.__annotations__ = command.__annotations__ | {name: annotation for name, (annotation, _) in OPTIONS.items()}
    return run


class Program(typer.Typer):
    """A program, or a group of commands, each of which takes --quiet, --verbose and --json.

    What a command returns is its result, as JSON can hold it: see `print_json`.
    """

    def command(  # type: ignore[override]  # the options are those of the class above
        self, name: str | None = None, **options: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a command under a name, as `typer.Typer.command` does."""
        register = super().command(name, **options)

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            register(with_output(function))
            return function

        return decorate
