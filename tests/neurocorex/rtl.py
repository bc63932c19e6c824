"""Runs the published VHDL of NeuroCoreX in GHDL, and keeps what it answered: `traces/*.npz`.

`NEUROCOREX_RTL=/checkout python -m tests.neurocorex.rtl [NAME ...]` makes the traces anew; a name makes that one.
NEUROCOREX_GHDL names another GHDL than the one on the path; one with GCC's back end is some times as fast.

A tick takes 96,000 clocks of 100 MHz, which GHDL runs in seconds. `serial` runs the design as it is, every bit of its
serial line with it, and with the numbers that it starts with: loading others would take 20 million clocks. Other
cases take their bytes from a file, and a neuron clock of `ratio` fast ones instead of 1,000: the two constants that
say so are replaced in a copy. A spike's 96 weights are read in as many fast clocks, and spikes of neighbours drift by
two clocks each, so that nothing changes from 98 + 2 n clocks up, with n the longest row of neighbours that spike in a
tick; without all-to-all weights fewer do.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from neurocmc.backends.neurocorex.packets import answered, load_bytes, spike_bytes
from neurocmc.ir.neurocorex.registers import ONE, PLACES, CoreRegisters

HERE = Path(__file__).parent
TRACES = HERE / "traces"
OURS_FIRST = ("stand_ins", "memories")
THEIRS = (
    *("Core_engine", "LIF_unit", "Trig_LIF", "Trig_gen_uart", "UART_TX_GPIO_SRC", "Weight_Tx_AA", "clock_divider"),
    *("clock_domain_interface", "uart_rx_ctrl", "uart_rx_sorter_input", "main_TOP"),
)
PROBED = {"Core_engine": ('"01111101000"', 2), "clock_divider": ("499", 1)}  # text, and how often it stands there
FLAGS = ("--std=08", "-fsynopsys", "-frelaxed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Registers and inputs, and how they are run."""

    registers: CoreRegisters
    channel_of_tick: Any  # (ticks,)
    ratio: int = 320  # fast clocks of a neuron clock
    serial: bool = False
    loaded: bool = True  # whether registers are sent, or those that the design starts with
    transmitter: bool = True  # its own, of which a byte takes 1,010 fast clocks, or one that takes none


def registers(**fields: Any) -> CoreRegisters:
    """Registers without weights, whose thresholds no V reaches, but for what is given."""
    none = {
        "feed_forward": np.zeros((PLACES, PLACES), dtype=np.int8),
        "all_to_all": np.zeros((PLACES, PLACES), dtype=np.int8),
        "threshold": np.full(PLACES, 100 * ONE),
        "refractory": np.zeros(PLACES, dtype=np.int32),
        "leak": 0,
        "amplitude": 1,
    }
    return CoreRegisters(**(none | fields))


def ghdl() -> str | None:
    """The GHDL to run, None where there is none."""
    return os.environ.get("NEUROCOREX_GHDL") or shutil.which("ghdl")


def checkout() -> Path | None:
    """The checkout of the published design, None where none is named."""
    named = os.environ.get("NEUROCOREX_RTL", "")
    return Path(named) if named else None


def run_rtl(case: Case, rtl: Path, program: str, work: Path) -> Any:
    """(ticks, 90) spikes that the design answers; one tick fewer than inputs, for with the last one it stops."""
    _analyse(case, rtl, program, work)
    packets = (load_bytes(case.registers) if case.loaded else b"") + spike_bytes(case.channel_of_tick)
    (work / "packets.txt").write_text("".join(f"{byte}\n" for byte in packets))
    ticks = len(case.channel_of_tick)
    clocks = len(packets) * (1_010 if case.serial else 14) + 10_000 + (ticks + 3) * PLACES * case.ratio
    command = [program, "--elab-run", *FLAGS, "bench", f"-gclocks={clocks}", f"-gserial={str(case.serial).lower()}"]
    command += [f"-glistens={str(case.transmitter).lower()}"]
    _called([*command, "--ieee-asserts=disable"], work)
    answer = bytes(int(line) for line in (work / "answers.txt").read_text().split())
    return answered(answer[answer.index(0xFF) :], ticks - 1)  # as it starts, before anything is sent, it sends a 0


def _analyse(case: Case, rtl: Path, program: str, work: Path) -> None:
    for name in OURS_FIRST:
        _called([program, "-a", *FLAGS, str(HERE / "vhdl" / f"{name}.vhd")], work)
    for name in THEIRS:
        path = rtl / "vhdl_src" / f"{name}.vhd"
        if name == "uart_rx_ctrl" and not case.serial:
            path = HERE / "vhdl" / "bytes_in.vhd"
        elif name == "UART_TX_GPIO_SRC" and not case.transmitter:
            path = HERE / "vhdl" / "bytes_out.vhd"
        elif name in PROBED and case.ratio != 1_000:
            path = _faster(path, case.ratio, work)
        _called([program, "-a", *FLAGS, str(path)], work)
    _called([program, "-a", *FLAGS, str(HERE / "vhdl" / "bench.vhd")], work)


def _faster(path: Path, ratio: int, work: Path) -> Path:
    """A copy with another number of fast clocks."""
    old, times = PROBED[path.stem]
    text = path.read_text(encoding="latin-1")
    assert text.count(old) == times, f"{path.name}: {old} stands there {text.count(old)} times, not {times}"
    new = f'"{ratio:011b}"' if path.stem == "Core_engine" else str(ratio // 2 - 1)
    copy = work / path.name
    copy.write_text(text.replace(old, new), encoding="latin-1")
    return copy


def _called(command: list[str], work: Path) -> str:
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def random_case(seed: int, ticks: int, *, recurrent: bool, ratio: int, **fields: Any) -> Case:
    """Random weights, thresholds, refractory times and inputs."""
    draws = np.random.default_rng(seed)
    feed_forward, all_to_all = (np.zeros((PLACES, PLACES), dtype=np.int8) for _ in range(2))
    feed_forward[6:, 1:91] = draws.integers(-60, 90, (90, 90))
    if recurrent:
        all_to_all[6:, 5:95] = draws.integers(-24, 30, (90, 90)) * (draws.random((90, 90)) < 0.4)
    refractory = np.zeros(PLACES, dtype=np.int32)
    refractory[4:94] = draws.integers(0, 5, 90)
    threshold = np.full(PLACES, 120 * ONE)
    threshold[4:94] = draws.integers(20 * ONE, 100 * ONE, 90)
    channels = np.where(draws.random(ticks) < 0.8, draws.integers(0, 91, ticks), -1)
    channels[-1] = 0
    given = {"feed_forward": feed_forward, "all_to_all": all_to_all, "threshold": threshold, "refractory": refractory}
    return Case(
        registers=registers(**(given | fields)),
        channel_of_tick=channels,
        ratio=ratio,
        transmitter=ratio >= 300,
    )


def dense_case(ticks: int) -> Case:
    """Every weight of both matrices is drawn: some 17 neurons spike in a tick."""
    draws = np.random.default_rng(1)
    forward, between = (np.zeros((PLACES, PLACES), dtype=np.int64) for _ in range(2))
    between[6:, 5:95] = draws.integers(-30, 40, (90, 90))
    forward[6:, 2:92] = draws.integers(-60, 90, (90, 90))
    refractory = np.zeros(PLACES, dtype=np.int64)
    refractory[4:94] = draws.integers(0, 4, 90)
    channels = np.full(ticks, -1)
    tick = -1
    for _ in range(20):
        tick += int(draws.integers(0, 3)) + 1
        channels[tick] = int(draws.integers(0, 92))
    channels[tick + 1 : tick + 4] = 0
    given = {"feed_forward": forward, "all_to_all": between, "refractory": refractory}
    held = registers(**given, threshold=np.full(PLACES, 60 * ONE), leak=300)
    return Case(registers=held, channel_of_tick=channels, ratio=300)


def as_it_starts(ticks: int) -> Case:
    """The design as it is, through its serial line, with the numbers that stand in it before any are loaded."""
    channels = np.full(ticks, -1)
    channels[[1, 4, ticks - 1]] = [7, 90, 0]
    starts = registers(
        feed_forward=np.full((PLACES, PLACES), 1),
        all_to_all=np.full((PLACES, PLACES), 6),
        threshold=np.full(PLACES, 512),
        refractory=np.full(PLACES, 4),
        amplitude=4,
    )
    return Case(registers=starts, channel_of_tick=channels, ratio=1_000, serial=True, loaded=False)


def _matrix(*entries: tuple[int, int, int], column: int) -> Any:
    """Weights (target neuron, source, weight), where source 0 stands in this column."""
    found = np.zeros((PLACES, PLACES), dtype=np.int8)
    for target, source, weight in entries:
        found[6 + target, column + source] = weight
    return found


def _probes(ticks: int = 14, **inputs: int) -> Any:
    """(ticks,) channels: `t3=2` is channel 2 in tick 3."""
    found = np.full(ticks, -1)
    for name, channel in inputs.items():
        found[int(name[1:])] = channel
    found[-1] = 0
    return found


def small_cases() -> Iterator[tuple[str, Case]]:
    """One case for each rule of docs/neurocorex.md, small enough to be followed by hand."""
    ten = np.full(PLACES, 10 * ONE)
    # Channel 1 makes neuron 0 spike, channel 2 neurons 0 and 40. Neurons 10 and 20 hear neuron 0.
    once = _matrix((0, 1, 10), (0, 2, 10), (40, 2, 10), (50, 3, 10), column=0)
    heard = _matrix((10, 0, 4), (20, 0, -3), column=5)
    yield (
        "alone",
        Case(
            registers=registers(feed_forward=once, all_to_all=heard, threshold=ten),
            channel_of_tick=_probes(t1=1, t6=1),
        ),
    )
    # Neuron 50 spikes a tick after neuron 0, so that what neuron 0 sent stays for a tick more.
    yield (
        "stays",
        Case(
            registers=registers(feed_forward=once, all_to_all=heard, threshold=ten),
            channel_of_tick=_probes(t1=1, t2=3, t3=1, t6=3, t7=1),
        ),
    )
    # To itself, to the one before (lost), to the one behind; 6 and 5 spike together, then each alone.
    near = _matrix((6, 6, 9), (5, 6, 9), (7, 6, 9), (5, 5, 9), (6, 5, 9), (4, 5, 9), column=5)
    pair = _matrix(
        (5, 1, 10), (6, 2, 10), (5, 3, 10), (6, 3, 10), (4, 4, 2), (5, 4, 2), (6, 4, 2), (7, 4, 2), column=0
    )
    yield (
        "neighbours",
        Case(
            registers=registers(feed_forward=pair, all_to_all=near, threshold=ten),
            channel_of_tick=_probes(30, t1=1, t4=4, t9=2, t12=4, t17=3, t20=4),
        ),
    )
    # Neuron 30 spikes in the tick in which channel 2 reaches it and neuron 31.
    both = _matrix((30, 1, 10), (30, 2, 6), (31, 2, 6), column=0)
    yield (
        "lost-input",
        Case(registers=registers(feed_forward=both, threshold=ten), channel_of_tick=_probes(t1=1, t2=2, t5=2, t8=2)),
    )
    # Neuron 89 hears neuron 0: all others are left its current in the second tick after.
    last = _matrix((89, 0, 7), (10, 0, 4), column=5)
    yield (
        "last-neuron",
        Case(
            registers=registers(feed_forward=once, all_to_all=last, threshold=ten),
            channel_of_tick=_probes(20, t1=1, t8=2),
        ),
    )
    # V falls by the leak without end, wraps, and is above the threshold.
    yield "leak", Case(registers=registers(threshold=ten, leak=20 * ONE), channel_of_tick=_probes(20))
    # 100 x 3 is beyond what 18 bits hold: it adds (300 - 256) and -(...) by the sign that is kept.
    far = _matrix((0, 1, 100), (1, 1, -100), (2, 1, 44), (3, 1, -44), column=0)
    yield (
        "amplitude",
        Case(
            registers=registers(feed_forward=far, threshold=ten, amplitude=3),
            channel_of_tick=_probes(t1=1, t4=1, t7=1),
        ),
    )


CASES: dict[str, Callable[[], Case]] = {
    **{name: (lambda case=case: case) for name, case in small_cases()},
    "feed-forward": lambda: random_case(1, 1_001, recurrent=False, ratio=24, leak=40, amplitude=1),
    "recurrent": lambda: dense_case(42),
    "serial": lambda: as_it_starts(12),
}
LONG: dict[str, Callable[[], Case]] = {  # an hour of a processor; made by name, and compared, but not kept
    "recurrent-long": lambda: random_case(2, 1_001, recurrent=True, ratio=320, leak=-150, amplitude=3),
}


def main() -> None:
    """Make traces."""
    rtl, program = checkout(), ghdl()
    if rtl is None or program is None:
        sys.exit("name a checkout of the published design in NEUROCOREX_RTL, and have ghdl on the path")
    version = _called([program, "--version"], HERE).splitlines()
    commit = _called(["git", "-C", str(rtl), "rev-parse", "HEAD"], HERE).strip()
    TRACES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or CASES:
        case = (CASES | LONG)[name]()
        with TemporaryDirectory() as folder:
            spikes = run_rtl(case, rtl, program, Path(folder))
        kept = case.registers
        np.savez_compressed(
            TRACES / f"{name}.npz",
            feed_forward=kept.feed_forward,
            all_to_all=kept.all_to_all,
            threshold=kept.threshold,
            refractory=kept.refractory,
            leak=kept.leak,
            amplitude=kept.amplitude,
            channel_of_tick=case.channel_of_tick,
            spikes=np.packbits(spikes, axis=1),
            ghdl=f"{version[0]}; {version[2].strip()}",
            commit=commit,
            serial=case.serial,
            ratio=case.ratio,
        )
        sys.stdout.write(f"{name}: {len(spikes):,} ticks, {int(spikes.sum()):,} spikes\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
