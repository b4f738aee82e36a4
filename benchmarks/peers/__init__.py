"""The programs that our steps are compared with; in each module, `make_step(Inputs)` returns its training step.

Each program has every advantage that it offers: its own layout of images, its fused optimiser, all cores; and both
precisions, where it has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from backhand.bench.process import Program
from backhand.bench.workloads import Workload
from backhand.errors import BackhandError, closest
from backhand.precision import BFLOAT16

BENCHMARKS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Peer:
    """A program, the package that it needs, its full name, and the samples that it supports: with 1 or 3 axes."""

    program: Program
    package: str
    title: str
    axes: tuple[int, ...] = (1, 3)

    def supports(self, workload: Workload) -> bool:
        return len(workload.shape) in self.axes


def _peers(name: str, module: str, package: str, title: str, axes: tuple[int, ...] = (1, 3)) -> list[Peer]:
    """A peer at both precisions."""
    rounded = Program(f"{name}_bf16", f"peers.{module}_bfloat16", BENCHMARKS, BFLOAT16)
    return [
        Peer(Program(name, f"peers.{module}", BENCHMARKS), package, title, axes),
        Peer(rounded, package, f"{title}, bfloat16", axes),
    ]


_ALL = (
    *_peers("torch", "torch_eager", "torch", "PyTorch"),
    *_peers("torch_cl", "torch_channels_last", "torch", "PyTorch, channels last", (3,)),
    *_peers("torch_compile", "torch_compiled", "torch", "torch.compile"),
    *_peers("jax", "jax_jit", "jax", "JAX, jit"),
    Peer(Program("sklearn", "peers.sklearn_mlp", BENCHMARKS), "sklearn", "scikit-learn", (1,)),
)
PEERS = {peer.program.name: peer for peer in _ALL}


def select_peers(names: Sequence[str] | None) -> Sequence[Peer]:
    """The peers of these names, or all of them where none are named.

    Raises BackhandError for a peer that is unknown or not installed.
    """
    for name in names or ():
        if name not in PEERS:
            raise BackhandError(f'unknown peer "{name}"{closest(name, PEERS)}')
    peers = [PEERS[name] for name in names] if names else _ALL
    for peer in peers:
        if find_spec(peer.package) is None:
            raise BackhandError(
                f'{peer.title} is not installed; install ".[bench]", or leave {peer.program} out of --peers'
            )
    return peers
