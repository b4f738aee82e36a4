"""Training steps of ten networks against PyTorch, JAX and scikit-learn: `make bench`.

First, the losses are compared: from equal weights and batches, all programs in float32 must have the same losses, or
the exit status is 1 and nothing is timed. Then whole steps are timed, round by round, with the programs in turn, each
in a process of its own that sleeps between its rounds. Last, the losses of the fastest programs in bfloat16 are
compared with those in float32. The results are written to results.md and results.png.
usage: python benchmarks/run.py [--only two_layer,...] [--peers torch,...] [--rounds 12] [--out FOLDER]
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import peers
from backhand import backend
from backhand.bench import workloads
from backhand.bench.process import BACKHAND, BACKHAND_BFLOAT16, Program
from backhand.bench.table import format_figure
from backhand.bench.workloads import Workload
from backhand.console.options import Names
from backhand.errors import BackhandError
from backhand.machine import cores, cpu
from backhand.precision import FLOAT32
from compare import Agreement, Comparison, compare_losses, time_workload
from peers import Peer
from results import Results, write

Plan = dict[Workload, list[Program]]


def plan_runs(chosen: Sequence[Workload], others: Sequence[Peer]) -> Plan:
    """The programs that run each workload, ours first."""
    ours = [BACKHAND, BACKHAND_BFLOAT16]
    plan = {each: [*ours, *(peer.program for peer in others if peer.supports(each))] for each in chosen}
    alone = [workload.name for workload, programs in plan.items() if not exact(programs[len(ours) :])]
    if alone:
        raise BackhandError(
            f"none of the selected peers runs {', '.join(alone)}; use `backhand bench` to time it alone"
        )
    return plan


def exact(programs: Sequence[Program]) -> list[Program]:
    """Those whose products are in float32."""
    return [program for program in programs if program.precision == FLOAT32]


def compare_all_losses(plan: Plan, folder: Path) -> dict[Workload, Agreement]:
    """Compare the losses of each workload, and print the differences."""
    agreements = {}
    for workload, programs in plan.items():
        agreement = agreements[workload] = compare_losses(workload, exact(programs), folder)
        losses = f"loss {agreement.losses[0]:.3f} to {agreement.losses[-1]:.3f} in {len(agreement.losses)} steps"
        differences = ", ".join(f"{name} {value:.1e}" for name, value in agreement.differences.items())
        verdict = "equal" if agreement.holds else f"NOT equal (limit {agreement.limit:.0e})"
        print(f"{workload.name:13} {losses}; relative differences: {differences}: {verdict}", flush=True)
    return agreements


def summarise(comparison: Comparison) -> str:
    """The median times of all programs and our ratio to the fastest peer in float32 and at any precision, on a line."""
    medians = {name: format_figure(measured.ms.median) for name, measured in comparison.measurements.items()}
    times = ", ".join(f"{name} {median}" for name, median in medians.items())
    ratios = ""
    for rounded in (False, True):
        mine, theirs = (comparison.fastest(ours=ours, rounded=rounded) for ours in (True, False))
        ratio = comparison.ratio(rounded=rounded)
        ratios += f"; {mine}'s / {theirs}'s: {ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
    return f"{comparison.workload.name:13} {times} ms{ratios}"


def run(arguments: argparse.Namespace) -> int:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    others = peers.select_peers(arguments.peers)
    plan = plan_runs(workloads.select_workloads(arguments.only), others)
    with TemporaryDirectory() as name:
        folder = Path(name)
        agreements = compare_all_losses(plan, folder)
        if not all(agreement.holds for agreement in agreements.values()):
            print("Nothing is timed, since the programs do not train alike.")
            return 1
        comparisons: list[Comparison] = []
        for workload, programs in plan.items():
            comparison = time_workload(workload, programs, arguments.rounds, folder, agreements[workload])
            print(summarise(comparison), flush=True)
            comparisons.append(comparison)
    arguments.out.mkdir(parents=True, exist_ok=True)
    facts = date.today().isoformat(), cpu(), cores(), load, backend.describe()
    print(write(Results(*facts, {peer.program.name: peer.title for peer in others}, comparisons), arguments.out))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=Names.parse, metavar="NAME,...", help="Time only these workloads.")
    known = ", ".join(peers.PEERS)
    parser.add_argument("--peers", type=Names.parse, metavar="NAME,...", help=f"Compare only with some of {known}.")
    parser.add_argument("--rounds", type=int, default=12, help="Time this number of rounds.")
    here = Path(__file__).parent
    parser.add_argument("--out", type=Path, default=here, help="Write results.md and results.png to this folder.")
    try:
        return run(parser.parse_args())
    except BackhandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
