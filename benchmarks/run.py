"""Training steps of ten networks against PyTorch, JAX and scikit-learn: `make bench`.

First validates: from equal weights and batches all programs must have the same losses, or it ends with 1 and times
nothing. Then times whole steps, the programs in turn, round by round, each in a process of its own that sleeps between
its rounds. Writes results.md and results.png.
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
from backhand.bench.process import BACKHAND, Program
from backhand.bench.table import format_figure
from backhand.bench.workloads import Workload
from backhand.errors import BackhandError
from backhand.machine import cores, cpu
from compare import Agreement, Comparison, compare_losses, time_workload
from peers import Peer
from results import Results, write

Plan = dict[Workload, list[Program]]


def plan_runs(chosen: Sequence[Workload], others: Sequence[Peer]) -> Plan:
    """The programs that run each workload: ours first."""
    plan = {each: [BACKHAND, *(peer.program for peer in others if peer.supports(each))] for each in chosen}
    alone = [workload.name for workload, programs in plan.items() if len(programs) == 1]
    if alone:
        raise BackhandError(f"none of the peers asked for runs {', '.join(alone)}; `backhand bench` times it alone")
    return plan


def compare_all_losses(plan: Plan, folder: Path) -> dict[Workload, Agreement]:
    """Compares losses, and prints how far they are apart."""
    found = {}
    for workload, programs in plan.items():
        agreement = found[workload] = compare_losses(workload, programs, folder)
        losses = f"loss {agreement.losses[0]:.3f} to {agreement.losses[-1]:.3f} in {len(agreement.losses)} steps"
        apart = ", ".join(f"{name} {value:.1e}" for name, value in agreement.differences.items())
        verdict = "equal" if agreement.holds else f"NOT equal (limit {agreement.limit:.0e})"
        print(f"{workload.name:13} {losses}; apart, relatively: {apart}: {verdict}", flush=True)
    return found


def summarise(compared: Comparison) -> str:
    times = ", ".join(f"{name} {format_figure(each.ms.median)}" for name, each in compared.measurements.items())
    ratio = compared.ratio
    return (
        f"{compared.workload.name:13} {times} ms; ours / {compared.fastest}'s: "
        f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
    )


def run(arguments: argparse.Namespace) -> int:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    others = peers.select_peers(arguments.peers)
    plan = plan_runs(workloads.select_workloads(arguments.only), others)
    with TemporaryDirectory() as name:
        folder = Path(name)
        agreements = compare_all_losses(plan, folder)
        if not all(agreement.holds for agreement in agreements.values()):
            print("programs that do not train alike have no times to compare")
            return 1
        done: list[Comparison] = []
        for workload, programs in plan.items():
            done.append(time_workload(workload, programs, arguments.rounds, folder, agreements[workload]))
            print(summarise(done[-1]), flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    facts = date.today().isoformat(), cpu(), cores(), load, backend.describe()
    print(write(Results(*facts, {peer.program.name: peer.title for peer in others}, done), arguments.out))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME,...", help="some of the workloads")
    parser.add_argument("--peers", metavar="NAME,...", help="some of the peers: " + ", ".join(peers.PEERS))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where results.md and its plot go")
    try:
        return run(parser.parse_args())
    except BackhandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
