"""The program `backhand`, from its first import to its exit status."""

import sys
from functools import partial

from backhand.console import exits
from backhand.console.termination import interrupt_on_sigterm
from backhand.machine import rank_of_mpi


def main() -> None:
    """Run the program and end the process with its exit status; Ctrl-C is handled from the first import on."""
    interrupt_on_sigterm()
    try:
        sys.exit(_status())
    finally:
        from backhand.console.output import OUTPUT

        OUTPUT.reset()


def _status() -> int:
    """Run the program and return its exit status; of several processes of mpiexec, the first one does."""
    program = partial(exits.run_to_exit_status, _run)
    if rank_of_mpi() is None:
        return program()
    from backhand.experiments.cluster import mpi

    if mpi.is_chosen(sys.argv):
        return mpi.run(program)
    from backhand.cli.together import run_together

    return run_together(_run)


def _run() -> None:
    from backhand.cli.app import app
    from backhand.console.output import OUTPUT

    OUTPUT.reset()
    if "--json" in sys.argv:  # before any option is read, so that a mistake in the options is answered in JSON, too
        OUTPUT.choose(json=True)
        _run_for_json()
    else:
        app()


def _run_for_json() -> None:
    """Run the command and print its result; {} for a command without one."""
    import typer

    from backhand.cli.app import app
    from backhand.cli.hints import UsageError
    from backhand.console.output import print_json
    from backhand.errors import BackhandError

    try:
        result = app(standalone_mode=False)
    except UsageError as error:
        raise BackhandError(error.format_message()) from error  # type: ignore[attr-defined]
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if isinstance(result, int):  # the exit status of a command that has printed its own result
        sys.exit(result)
    print_json({} if result is None else result)
