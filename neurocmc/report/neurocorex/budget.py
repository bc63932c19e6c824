"""Counts what a program takes of a NeuroCoreX: neurons, relays, channels and weights. It states no energy."""

import numpy as np

from neurocmc.ir.neurocorex.program import NO_CHANNEL, ROLES, BoardProgram
from neurocmc.report.budget import Budget, CoreUse, ResourceUse
from neurocmc.targets.neurocorex import NeuroCoreXTarget


def board_budget(program: BoardProgram, target: NeuroCoreXTarget) -> Budget:
    """Returns the budget of a program; a board is one core."""
    limits = target.limits
    neurons = program.logic.size + (program.pacemaker >= 0) + (program.companion >= 0)
    last = int(program.logic.max(initial=-1)) + 1
    own = sum(getattr(program, role) != NO_CHANNEL for role in ROLES)
    recurrent = int(np.count_nonzero(program.registers.all_to_all))
    forward = int(np.count_nonzero(program.registers.feed_forward[:, program.columns.column]))
    rows = (
        ResourceUse.of("neurons", neurons, limits.neurons),
        ResourceUse.of("relays", program.relays.size, None),
        ResourceUse.of("places_left_free", last - program.logic.size, None),
        ResourceUse.of("channels", program.columns.column.size + own, limits.channels),
        ResourceUse.of("all_to_all_weights", recurrent, limits.neurons**2),
        ResourceUse.of("feed_forward_weights", forward, limits.neurons * limits.channels),
    )
    names = tuple(population.name for population in program.populations)
    return Budget(
        circuit=program.name,
        target=target.name,
        cores_used=1,
        cores_lower_bound=1,
        cores_per_chip=1,
        in_all=rows,
        cores=(CoreUse(core=0, populations=names, resources=rows),),
    )
