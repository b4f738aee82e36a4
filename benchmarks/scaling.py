"""Measures steps of two processes over networks of several speeds, and draws what more hosts would bring.

The processes have a thread each. They share the memory of this machine, or are on two hosts in network namespaces (see
`network`), which needs Linux and root. Each is measured by `backhand bench --ranks`.
usage: python benchmarks/scaling.py --out FOLDER [--rounds 10] [--only two_layer,...]      writes scaling.json
       python benchmarks/scaling.py --draw scaling.json --out FOLDER                       draws it, prints tables
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backhand.bench.scaling import Network, Step
from backhand.console.exits import run_to_exit_status
from backhand.machine import cpu
from network import Network as Hosts

NETWORKS = {  # Gbit/s, and seconds of a packet one way
    "1 Gbit/s, 1 ms": (1, 1e-3),
    "1 Gbit/s, 0.1 ms": (1, 1e-4),
    "10 Gbit/s, 1 ms": (10, 1e-3),
    "10 Gbit/s, 0.1 ms": (10, 1e-4),
}
HERE = "one machine"
HOSTS = 1, 2, 4, 8, 16, 32, 64


def measure(options: Sequence[str]) -> dict[str, Any]:
    """What `backhand bench --ranks` prints, for this machine and for each network."""
    words = [sys.executable, "-m", "backhand", "bench", "--ranks", "--threads", "1", "--json", *options]
    mpiexec = [str(Path(sys.executable).with_name("mpiexec")), "-n", "2"]
    here = subprocess.run([*mpiexec, *words], stdout=subprocess.PIPE, text=True, check=True)
    found = {HERE: json.loads(here.stdout)}
    for name, (gbit, delay) in NETWORKS.items():
        print(f"measuring {name}", file=sys.stderr, flush=True)
        with Hosts(2, gbit, delay) as hosts:
            found[name] = json.loads(hosts.mpiexec(*words).stdout)
    return {"processor": cpu(), "networks": found}


def steps(result: dict[str, Any]) -> dict[str, tuple[Step, dict[str, Any]]]:
    """The steps of a measurement by the names of the workloads, and what was measured of them."""
    return {row["name"]: (_step(row), row) for row in result["workloads"]}


def _step(row: dict[str, Any]) -> Step:
    seconds = {int(count): ms / 1e3 for count, ms in row["alone_ms"].items()}
    return Step(
        row["batch"], seconds, row["bytes"], row["early"], row["window"], row["calls"], row["overhead_ms"] / 1e3
    )


def network(result: dict[str, Any]) -> Network:
    """The network of a measurement."""
    figures = result["network"]
    seconds = {int(size): ms / 1e3 for size, ms in figures["sum_ms"].items()}
    return Network(figures["hosts"], seconds, figures["overlap"])


def error_table(found: dict[str, Any]) -> str:
    """Each measured case, and how far the prediction is from it."""
    lines = [f"| workload | {' | '.join(found)} |", "|---|" + "---|" * len(found)]
    for name in steps(found[HERE]):
        cells = []
        for result in found.values():
            row = steps(result)[name][1]
            error = row["predicted_ms"] / row["measured_ms"] - 1
            cells.append(f"{row['measured_ms']:.3g} ms, {error:+.0%}")
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def use_table(found: dict[str, Any]) -> str:
    """For each workload and network: the hosts that are worth it, and the batch with which eight hosts are."""
    networks = {name: network(result) for name, result in found.items() if name != HERE}
    lines = [f"| workload | batch | MB | ms | {' | '.join(networks)} |", "|---|" + "---|" * (3 + len(networks))]
    for name, (step, _) in steps(found[HERE]).items():
        cells = []
        for each in networks.values():
            factor = step.worthwhile_batch(8, each)
            cells.append(f"{step.worthwhile(each)}; {'more' if factor >= 1024 else f'{step.batch * factor:,.0f}'}")
        head = f"`{name}` | {step.batch} | {step.size / 1e6:.3g} | {1e3 * step.compute(step.batch):.3g}"
        lines.append(f"| {head} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(found: dict[str, Any], path: Path) -> None:
    """The speed-up of each workload by the number of hosts, a panel for each network; dots are measured."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = [name for name in found if name != HERE]
    figure, axes = plt.subplots(1, len(names), figsize=(3.1 * len(names), 3.6), sharey=True, layout="constrained")
    for panel, name in zip(axes, names, strict=True):
        panel.plot(HOSTS, HOSTS, color="0.8", linewidth=1)
        for k, (workload, (step, row)) in enumerate(steps(found[name]).items()):
            hosts, each = [count for count in HOSTS if count <= step.batch], network(found[name])
            (line,) = panel.plot(
                hosts, [step.speedup(count, each) for count in hosts], color=f"C{k}", linewidth=1.4, label=workload
            )
            measured = 1e3 * step.predict(1, each) / row["measured_ms"]
            panel.plot([row["ranks"]], [measured], "o", markersize=4, color=line.get_color())
        panel.set(title=name, xscale="log", yscale="log", xlabel="hosts", ylim=(0.04, 64))
        panel.set_xticks(HOSTS, map(str, HOSTS))
        panel.minorticks_off()
        panel.grid(alpha=0.25)
    axes[0].set_ylabel("speed-up with the same batch")
    shown = {0.05: "0.05", 0.1: "0.1", 0.25: "¼", 0.5: "½"} | {2**k: str(2**k) for k in range(7)}
    axes[0].set_yticks(list(shown), list(shown.values()))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="Write to this folder.")
    parser.add_argument("--draw", type=Path, help="Draw what this file holds, and measure nothing.")
    parser.add_argument("--rounds", default="10", help="A fifth of the seconds for which each step is timed.")
    parser.add_argument("--only", help="Measure only these workloads.")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.draw is None:
        only = ["--only", arguments.only] if arguments.only else []
        result = measure(["--rounds", arguments.rounds, *only])
        (arguments.out / "scaling.json").write_text(json.dumps(result, indent=1), "utf-8")
    else:
        result = json.loads(arguments.draw.read_text("utf-8"))
    found = result["networks"]
    draw(found, arguments.out / "scaling.png")
    print(result["processor"], error_table(found), use_table(found), sep="\n\n")


if __name__ == "__main__":
    sys.exit(run_to_exit_status(main))
