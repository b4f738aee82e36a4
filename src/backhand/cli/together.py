"""The program as one of several processes that mpiexec or a batch system has started together.

The process of rank 0 is the program that a person sees. The others print nothing, and do what it tells them.
"""

import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from backhand.console import exits
from backhand.console.termination import leave_to_the_first_process
from backhand.extras import MissingExtraError
from backhand.machine import rank_of_mpi

if TYPE_CHECKING:
    from backhand.training.parallel.ranks import Ranks


def run_together(program: Callable[[], object]) -> int:
    """Run the program in rank 0, and let the other processes follow it; returns the exit status of this one."""
    from backhand.training.parallel.ranks import launched

    try:
        ranks = launched()
    except MissingExtraError:
        return exits.run_to_exit_status(launched) if rank_of_mpi() == 0 else exits.USER_ERROR
    if ranks is None:
        return exits.run_to_exit_status(program)
    return _lead(ranks, program) if ranks.leads else _follow(ranks)


def _lead(ranks: "Ranks", program: Callable[[], object]) -> int:
    """Run the program, and release the other processes at its end, however it ends."""
    try:
        status = exits.run_to_exit_status(program)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        if ranks.busy:
            _abort(ranks, 1)
        ranks.order(None)
        raise
    if ranks.busy:
        _abort(ranks, status or 1)
    ranks.order(None)
    return status


def _follow(ranks: "Ranks") -> int:
    """Do what rank 0 tells; where this process cannot, that ends all of them."""
    from backhand.console.output import OUTPUT
    from backhand.errors import BackhandError

    OUTPUT.choose(quiet=True)
    leave_to_the_first_process()
    try:
        ranks.follow()
    except BackhandError as error:
        print(f"error: {ranks}: {error}", file=sys.stderr)
        ranks.abort(exits.USER_ERROR)
    except BaseException:
        _abort(ranks, 1)
        raise
    return 0


def _abort(ranks: "Ranks", status: int) -> None:
    """End all processes, of which the others are within a training; an exception is shown before."""
    if sys.exc_info()[0] is not None:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    ranks.abort(status)
