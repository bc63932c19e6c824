"""Steps a second of the four-unit circuit: the emulator beside the NEF peer.

Our times of a whole run include encoding the stimulus on the host and decoding the spikes, and ratios are taken with
them; the peer's are its simulation alone, without building.
"""

from dataclasses import dataclass

from rich.table import Table

from neurocmc.sim.loihi.emulator import emulate, simulate_emulator
from neurocmc.sim.loihi.host import encode
from neurocmc.targets import LoihiTarget
from tests.bench.peer import CODES, PeerRow
from tests.bench.timing import Sample, per_second
from tests.made.winner_circuits import TICK_S, calibrated, integers, switch_of_winner, swta


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Ticks a second: of a whole run, and of the chip's stepping alone."""

    whole: Sample
    stepping: Sample


def emulator_steps(target: LoihiTarget, neurons: tuple[int, ...], repeats: int) -> dict[tuple[str, int], Steps]:
    """One run of the four-unit circuit, by code and size."""
    circuit, stimulus = swta(), switch_of_winner()
    calibration, ticks = calibrated(circuit, stimulus), stimulus.ticks(TICK_S)
    steps: dict[tuple[str, int], Steps] = {}
    for code in CODES:
        for size in neurons:
            network = integers(circuit, calibration, target, size, code)
            values = encode(network, stimulus)
            steps[code, size] = Steps(
                whole=per_second(ticks, lambda n=network: simulate_emulator(n, stimulus), repeats),
                stepping=per_second(ticks, lambda n=network, v=values: emulate(n, v, 1, ticks), repeats),
            )
    return steps


def steps_table(steps: dict[tuple[str, int], Steps], peers: tuple[PeerRow, ...]) -> Table:
    """Steps a second of one run, ours and the peer's, and their ratio with the spread of both."""
    table = Table(title="One run of the four-unit sWTA: steps a second, median (lowest to highest)")
    for heading in ("code", "N", "neurocmc emulator", "its stepping alone", "peer", "peer's steps", "ratio"):
        table.add_column(heading, justify="left" if heading in ("code", "peer") else "right")
    for (code, size), ours in steps.items():
        found = [row for row in peers if row.neurons == size and row.variant == "tuned"]
        if not found:
            table.add_row(code, str(size), ours.whole.told(), ours.stepping.told(), "not measured", "", "")
        for row in found:
            theirs = Sample(values=row.steps_per_s)
            table.add_row(
                code,
                str(size),
                ours.whole.told(),
                ours.stepping.told(),
                row.system,
                theirs.told(),
                ours.whole.over(theirs).told("{:.1f}"),
            )
    return table
