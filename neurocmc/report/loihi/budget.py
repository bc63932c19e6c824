"""Holds a placed program against its limits: every resource of every core, headroom and energy."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurocmc.ir.headroom import Headroom
from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram
from neurocmc.passes.loihi.route import limits_of
from neurocmc.report.bits import BitBudget, SynapticWork
from neurocmc.report.budget import BoundBy, Budget, ChipUse, CoreUse, uses
from neurocmc.report.energy import EnergyEstimate
from neurocmc.report.load import SpikeLoad
from neurocmc.report.loihi.energy import estimate_energy, messages_of, synaptic_operations
from neurocmc.report.loihi.messages import Messages, ways
from neurocmc.report.pictures import Drawn
from neurocmc.targets import LoihiLimits, LoihiTarget

COUNTED = "a spike at a synapse, including spikes of the host"


def chip_budget(
    program: ChipProgram, target: LoihiTarget, activity: SpikeLoad | None, headroom: tuple[Headroom, ...] = ()
) -> Budget:
    """Returns the budget of a placed program; without an activity there is no energy estimate.

    Raises ValueError where program and target, or program and activity, do not belong together.
    """
    name = program.network.name
    if activity is None:
        return placed_budget(program, name, target, None, None, headroom)
    sent = messages_of(program, activity)
    energy = estimate_energy(program, target, activity, sent)
    ours = SynapticWork.of(
        synaptic_operations(program.network, activity),
        activity,
        neurons=program.network.neurons,
        counted=COUNTED,
        **memory_of(program, target),
    )
    budget = placed_budget(program, name, target, activity, energy, headroom, sent=sent)
    return replace(budget, bits=BitBudget(ours=ours))


def memory_of(program: ChipProgram[Any], target: LoihiTarget) -> dict[str, int]:
    """Returns the bits of a weight, and of the memory that synapses and registers take."""
    limits = target.limits
    return {
        "weight_bits": limits.weight_mantissa_bits,
        "synapse_memory_bits": int(program.use[:, RESOURCES.index("synapse_bits")].sum()),
        "state_memory_bits": program.network.neurons * (limits.current_bits + limits.voltage_bits),
    }


def placed_budget(
    program: ChipProgram[Any],
    circuit: str,
    target: LoihiTarget,
    activity: SpikeLoad | None,
    energy: EnergyEstimate | None,
    headroom: tuple[Headroom, ...] = (),
    owner: Callable[[str], str] = str,
    sent: Messages | None = None,
) -> Budget:
    """Returns the budget of any placed network; `owner` gives the name that people know a population by.

    `sent` are the messages of the activity, which are told where cores have places.

    Raises ValueError where program and target do not belong together.
    """
    if program.target != target.name:
        raise ValueError(f"the program was placed for {program.target}, not for {target.name}")
    limits = limits_of(target.limits)
    whole = {name: None if limit is None else limit * target.limits.cores for name, limit in limits.items()}
    populations: list[dict[str, None]] = [{} for _ in range(program.cores)]
    for segment in program.segments:
        populations[segment.core][owner(segment.population)] = None
    return Budget(
        circuit=circuit,
        target=target.name,
        cores_used=program.cores,
        cores_lower_bound=program.cores_lower_bound,
        cores_per_chip=target.limits.cores_per_chip,
        in_all=uses(RESOURCES, program.use.sum(axis=0), whole),
        cores=tuple(
            CoreUse(
                core=core,
                populations=tuple(populations[core]),
                resources=uses(RESOURCES, program.use[core], limits),
            )
            for core in range(program.cores)
        ),
        lower_bounds=tuple(BoundBy(resource=bound.resource, cores=bound.cores) for bound in program.lower_bounds),
        headroom=headroom,
        load=activity,
        energy=energy,
        chips=_chips(program, target.limits, sent),
    )


def chip_pictures(program: ChipProgram[Any], target: LoihiTarget) -> tuple[Drawn, ...]:
    """Returns the picture of the chips on their mesh, where cores have places."""
    if not program.places:
        return ()

    def draw(path: Path) -> None:
        from neurocmc.report.loihi.chip_map import draw_chip_map  # matplotlib is a quarter of all imports

        draw_chip_map(program, target, path)

    caption = "The chips on their mesh, and the out-axons that go between them."
    return (Drawn(file="chip-map.png", section="cores", caption=caption, draw=draw),)


def _chips(program: ChipProgram[Any], limits: LoihiLimits, sent: Messages | None) -> ChipUse | None:
    if not program.places:
        return None
    of_chip = Counter(place.chip for place in program.places)
    width, height = limits.board
    boards = {(chip % limits.chip_columns // width, chip // limits.chip_columns // height) for chip in of_chip}
    along = None if sent is None else ways(program, sent, limits)
    return ChipUse(
        chips_used=len(of_chip),
        chips=limits.chips,
        boards_used=len(boards),
        boards=-(-limits.chips // (width * height)),
        cores_of_chip=tuple(of_chip[chip] for chip in sorted(of_chip)),
        messages_per_tick=None if sent is None else sent.total,
        between_chips_per_tick=None if along is None else along.crossing,
        hops_per_tick=None if along is None else along.east_west + along.north_south,
    )
