"""Holds a placed program against its limits: every resource of every core, headroom and energy."""

from collections.abc import Callable
from typing import Any

from neurocmc.ir.headroom import Headroom
from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram
from neurocmc.passes.loihi.route import limits_of
from neurocmc.report.budget import BoundBy, Budget, CoreUse, uses
from neurocmc.report.energy import EnergyEstimate
from neurocmc.report.load import SpikeLoad
from neurocmc.report.loihi.energy import estimate_energy
from neurocmc.targets import LoihiTarget


def chip_budget(
    program: ChipProgram, target: LoihiTarget, activity: SpikeLoad | None, headroom: tuple[Headroom, ...] = ()
) -> Budget:
    """Returns the budget of a placed program; without an activity there is no energy estimate.

    Raises ValueError where program and target, or program and activity, do not belong together.
    """
    energy = None if activity is None else estimate_energy(program, target, activity)
    return placed_budget(program, program.network.name, target, activity, energy, headroom)


def placed_budget(
    program: ChipProgram[Any],
    circuit: str,
    target: LoihiTarget,
    activity: SpikeLoad | None,
    energy: EnergyEstimate | None,
    headroom: tuple[Headroom, ...] = (),
    owner: Callable[[str], str] = str,
) -> Budget:
    """Returns the budget of any placed network; `owner` gives the name that people know a population by.

    Raises ValueError where program and target do not belong together.
    """
    if program.target != target.name:
        raise ValueError(f"the program was placed for {program.target}, not for {target.name}")
    limits = limits_of(target.limits)
    chip = target.limits.cores_per_chip
    whole = {name: None if limit is None else limit * chip for name, limit in limits.items()}
    populations: list[dict[str, None]] = [{} for _ in range(program.cores)]
    for segment in program.segments:
        populations[segment.core][owner(segment.population)] = None
    return Budget(
        circuit=circuit,
        target=target.name,
        cores_used=program.cores,
        cores_lower_bound=program.cores_lower_bound,
        cores_per_chip=chip,
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
    )
