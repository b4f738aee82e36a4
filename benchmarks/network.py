"""A network of hosts on this machine, slow as one asks for: Linux, as root.

Each host is a network namespace with one interface. This process carries the packets between them, each of which
occupies the line of its sender for its length over the rate, and arrives after the delay. `mpiexec` starts processes on
the hosts by a script that takes the place of ssh.

    with Network(hosts=2, gbit=1, delay=1e-4) as network:
        network.mpiexec("python", "program.py")
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Process
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
LONGEST = 65535  # bytes of a packet; long ones, since each of them costs this process time
PREFIX, INTERFACE = "backhand", "bh0"
# Takes the host and the command from mpiexec, as ssh does.
SHELL = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
host=$1; shift
exec ip netns exec "$(printf '%s' "$host" | sed 's/.*\\./PREFIX/')" sh -c "$*"
"""
# Processes on one machine would use its memory; these are to use the network.
VARIABLES = {"UCX_TLS": "tcp,self", "UCX_NET_DEVICES": INTERFACE, "MPIR_CVAR_NOLOCAL": "1"}


@dataclass
class Network:
    """Hosts that are connected by lines of `gbit` Gbit/s, over which a packet travels for `delay` seconds, one way."""

    hosts: int
    gbit: float
    delay: float
    _taps: list[int] = field(default_factory=list, init=False)

    def __enter__(self) -> Self:
        try:
            for k in range(1, self.hosts + 1):
                self._taps.append(_make_host(k))
            self._carrier = Process(target=carry, args=(self._taps, self.gbit * 1e9 / 8, self.delay), daemon=True)
            self._carrier.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "_carrier"):
            self._carrier.terminate()
            self._carrier.join()
        for tap in self._taps:
            os.close(tap)
        for k in range(1, self.hosts + 1):
            subprocess.run(["ip", "netns", "del", f"{PREFIX}{k}"], capture_output=True, check=False)

    def mpiexec(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a program with one process on each host; returns what came out, its standard output as text."""
        addresses = [f"10.77.0.{k}" for k in range(1, self.hosts + 1)]
        with tempfile.TemporaryDirectory() as folder:
            shell = Path(folder) / "shell"
            shell.write_text(SHELL.replace("PREFIX", PREFIX), "utf-8")
            shell.chmod(0o755)
            mpiexec = str(Path(sys.executable).with_name("mpiexec"))
            launch = ["-launcher", "ssh", "-launcher-exec", str(shell), "-iface", INTERFACE, "-localhost", addresses[0]]
            call = ["ip", "netns", "exec", f"{PREFIX}1", mpiexec, *launch, "-hosts", ",".join(addresses)]
            call += ["-n", str(self.hosts), "-ppn", "1", *words]
            settings: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "check": True}
            return subprocess.run(call, env=os.environ | VARIABLES | variables, **settings)


def _make_host(k: int) -> int:
    """Make the namespace of host k with its interface; returns the other end of the interface, a file descriptor."""
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    name = f"{PREFIX}{k}"
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    inside = ["ip", "-n", name]
    for call in (
        ["ip", "netns", "add", name],
        ["ip", "link", "set", name, "netns", name, "name", INTERFACE],
        [*inside, "link", "set", "lo", "up"],
        [*inside, "link", "set", INTERFACE, "mtu", str(LONGEST - 14), "address", f"02:00:00:00:00:{k:02x}"],
        [*inside, "addr", "add", f"10.77.0.{k}/24", "dev", INTERFACE],
        [*inside, "link", "set", INTERFACE, "up"],
    ):
        subprocess.run(call, check=True)
    return tap


def carry(taps: list[int], rate: float, delay: float) -> None:
    """Carry packets between the interfaces for ever. rate: bytes per second of each sender."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))  # or packets would wait for the hosts' work
    free, under_way = [0.0] * len(taps), [deque[tuple[float, bytes]]() for _ in taps]
    while True:
        due = min((queue[0][0] for queue in under_way if queue), default=None)
        wait = None if due is None else max(due - time.perf_counter(), 0)
        ready, _, _ = select.select(taps, [], [], wait)
        for tap in ready:
            k = taps.index(tap)
            packet = os.read(tap, LONGEST)
            free[k] = max(free[k], time.perf_counter()) + len(packet) / rate
            under_way[k].append((free[k] + delay, packet))
        now = time.perf_counter()
        for k, queue in enumerate(under_way):
            while queue and queue[0][0] <= now:
                _deliver(queue.popleft()[1], k, taps)


def _deliver(packet: bytes, sender: int, taps: list[int]) -> None:
    """Write a packet to the interface whose address it has; to all others, where it has that of all."""
    address = packet[5] - 1
    known = packet[:5] == b"\x02\0\0\0\0" and address < len(taps)
    for k in [address] if known else [k for k in range(len(taps)) if k != sender]:
        with suppress(BlockingIOError, OSError):  # lost, as a real one would be; TCP sends it again
            os.write(taps[k], packet)
