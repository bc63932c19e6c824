"""All emulators on all networks in one run: ours here, every peer in its own environment, and what each measured.

Ours is timed before the first peer, between peers and after the last, so that its spread holds what the machine did
in the meantime.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench.emulators.networks import (
    CHECK_TICKS,
    BenchNetwork,
    Kind,
    expected,
    make_network,
    save_expanded,
)
from tests.bench.emulators.ours import OurBench, final_voltage
from tests.bench.environments import BRIAN2_LOIHI, NENGO, run_script
from tests.bench.timing import Sample
from tests.lava_environment import lava_python

PEERS = Path(__file__).resolve().parent / "peers"
KINDS: tuple[Kind, ...] = ("sparse", "pools")
SHARES = (0.05, 0.30)
OURS = "neurocmc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure."""

    sizes: tuple[int, ...]
    repeats: int  # of each peer; ours has as many in each of its rounds
    seconds: float  # of a repeat, about
    limit_s: float  # of a peer, over all networks


FULL = Effort(sizes=(64, 512, 2048), repeats=5, seconds=0.5, limit_s=900)
QUICK = Effort(sizes=(64, 512), repeats=3, seconds=0.2, limit_s=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """One system on one network."""

    steps_per_s: Sample
    steps_per_processor_s: Sample
    spikes_per_tick: float
    voltages_that_differ: int  # neurons, after CHECK_TICKS, from the plain interpreter


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another emulator: its script, and how to find its interpreter."""

    name: str
    script: str
    python: Callable[[], Path | None]
    how_to: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """What the run measured, by system and network name; versions of each peer."""

    networks: tuple[BenchNetwork, ...]
    speeds: dict[str, dict[str, Speed]]
    versions: dict[str, dict[str, str]]
    absent: tuple[str, ...]  # how to get the peers that were not there


def _no_lava() -> str:
    raise AssertionError("Lava's environment is made where it is missing")


ALL_PEERS = (
    Peer(name="Lava", script="lava_peer.py", python=lava_python, how_to=_no_lava),
    Peer(name="nengo-loihi", script="nengo_loihi_peer.py", python=NENGO.python, how_to=NENGO.how_to),
    Peer(name="brian2-loihi", script="brian2_loihi_peer.py", python=BRIAN2_LOIHI.python, how_to=BRIAN2_LOIHI.how_to),
)


def make_networks(effort: Effort) -> tuple[BenchNetwork, ...]:
    """Every kind, size and share."""
    return tuple(make_network(kind, size, share) for kind in KINDS for size in effort.sizes for share in SHARES)


def compare(networks: tuple[BenchNetwork, ...], effort: Effort, tell: Callable[[str], object]) -> Comparison:
    """Measure all systems. Raises RuntimeError where a peer fails or takes too long."""
    wanted = {network.name: expected(network, CHECK_TICKS).voltage for network in networks}
    tell("compiling ours")
    ours = [OurBench(network, effort.seconds) for network in networks]
    speeds: dict[str, dict[str, Speed]] = {}
    versions: dict[str, dict[str, str]] = {}
    absent: list[str] = []

    def our_round() -> None:
        tell(OURS)
        for bench in ours:
            bench.measure(effort.repeats)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for network in networks:
            save_expanded(network, folder)
        our_round()
        for peer in ALL_PEERS:
            python = peer.python()
            if python is None:
                absent.append(peer.how_to())
                continue
            tell(peer.name)
            out = folder / peer.name
            options = ["--repeats", str(effort.repeats), "--seconds", str(effort.seconds)]
            run_script(python, PEERS / peer.script, [str(folder), str(out), *options], effort.limit_s)
            versions[peer.name], speeds[peer.name] = _read(out, wanted)
            our_round()
    speeds[OURS] = {
        bench.network.name: Speed(
            steps_per_s=Sample(values=tuple(bench.steps_per_s)),
            steps_per_processor_s=Sample(values=tuple(bench.steps_per_processor_s)),
            spikes_per_tick=bench.spikes_per_tick,
            voltages_that_differ=_differ(final_voltage(bench.network), wanted[bench.network.name]),
        )
        for bench in ours
    }
    return Comparison(networks=networks, speeds=speeds, versions=versions, absent=tuple(absent))


def _read(out: Path, wanted: dict[str, NDArray[np.int64]]) -> tuple[dict[str, str], dict[str, Speed]]:
    content: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    speeds: dict[str, Speed] = {}
    for name, row in content["networks"].items():
        with np.load(out / f"{name}.npz") as file:
            differ = _differ(file["voltage"], wanted[name])
        speeds[name] = Speed(
            steps_per_s=Sample(values=tuple(row["steps_per_s"])),
            steps_per_processor_s=Sample(values=tuple(row["steps_per_processor_s"])),
            spikes_per_tick=row["spikes_per_tick"],
            voltages_that_differ=differ,
        )
    return content["versions"], speeds


def _differ(voltage: NDArray[np.int64], wanted: NDArray[np.int64]) -> int:
    return int((voltage != wanted).sum())
