"""Counts what a program takes of a grid of neurosynaptic cores, core by core and in all."""

import numpy as np

from neurocmc.common.arrays import Int
from neurocmc.ir.truenorth.cores import CoreNetwork
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.report.bits import BitBudget, SynapticWork
from neurocmc.report.budget import Budget, ChipUse, CoreUse, uses
from neurocmc.report.truenorth.energy import estimate_core_energy
from neurocmc.report.truenorth.load import CoreLoad, chip_of_core
from neurocmc.report.truenorth.losses import ROLES
from neurocmc.report.truenorth.potentials import population_of, potential_ranges
from neurocmc.targets import TrueNorthLimits, TrueNorthTarget

LIMITED = ("axons", "neurons", "crossbar_bits")
BY_ROLE = tuple(f"{role}_neurons" if role != "splitter" else "splitters" for role in ROLES)
RESOURCES = (*LIMITED, *BY_ROLE)


def core_budget(program: CoreProgram, target: TrueNorthTarget, load: CoreLoad | None) -> Budget:
    """Returns the budget of a core program; without a load there is no energy estimate.

    Raises ValueError where program and target, or program and load, do not belong together.
    """
    if program.target != target.name:
        raise ValueError(f"the program was placed for {program.target}, not for {target.name}")
    use = core_use(program)
    limits = limits_of(target.limits)
    whole = {name: None if limit is None else limit * target.limits.cores for name, limit in limits.items()}
    return Budget(
        circuit=program.name,
        target=target.name,
        cores_used=program.network.cores,
        cores_lower_bound=cores_lower_bound(program, target.limits),
        cores_per_chip=target.limits.cores_per_chip,
        in_all=uses(RESOURCES, use.sum(axis=0), whole),
        cores=tuple(
            CoreUse(core=core, populations=names, resources=uses(RESOURCES, use[core], limits))
            for core, names in enumerate(populations_of_cores(program))
        ),
        load=None if load is None else load.of_units(program),
        energy=None if load is None else estimate_core_energy(program, target, load),
        potentials=potential_ranges(program),
        saturations=None if load is None else load.saturations,
        chips=_chips(program.network, target.limits, load) if target.limits.chips > 1 else None,
        bits=None if load is None else BitBudget(ours=_work(program, target.limits, load)),
    )


def _work(program: CoreProgram, limits: TrueNorthLimits, load: CoreLoad) -> SynapticWork:
    """Bits of crossbars on axons that carried a spike; a core in use takes its whole memory."""
    network = program.network
    neurons = sum(group.stop - group.start for group in program.neuron_groups)
    weights = network.neurons * network.types * limits.weight_bits
    return SynapticWork.of(
        round(load.synaptic_events_per_tick * load.ticks * load.trials),
        load.of_units(program),
        neurons=neurons,
        counted="a set bit of a crossbar on an axon that carries a spike; those of the host, of filters and of "
        "splitters are counted",
        weight_bits=limits.weight_bits,
        synapse_memory_bits=network.cores * (network.axons * network.neurons + weights),
        state_memory_bits=network.cores * network.neurons * network.potential_bits,
    )


def _chips(network: CoreNetwork, limits: TrueNorthLimits, load: CoreLoad | None) -> ChipUse:
    """The chips in use, and what goes between them; all stand on one board."""
    chip = chip_of_core(network, limits)
    used, cores = np.unique(chip, return_counts=True)
    sends = network.target_core >= 0
    leaves = sends & (chip[np.maximum(network.target_core, 0)] != chip[:, None])
    return ChipUse(
        chips_used=used.size,
        chips=limits.chips,
        boards_used=1,
        boards=1,
        cores_of_chip=tuple(cores.tolist()),
        messages_per_tick=None if load is None else float(load.neurons_per_tick[sends].sum()),
        between_chips_per_tick=None if load is None else float(load.neurons_per_tick[leaves].sum()),
        hops_per_tick=None if load is None else load.hops_per_tick(network),
    )


def core_use(program: CoreProgram) -> Int:
    """Counts what each core uses, (C, resources), in the order of RESOURCES."""
    network = program.network
    use = np.zeros((network.cores, len(RESOURCES)), dtype=np.int64)
    for group in program.axon_groups:
        use[group.core, 0] += group.stop - group.start
    for group in program.neuron_groups:
        use[group.core, 1] += group.stop - group.start
        use[group.core, len(LIMITED) + ROLES.index(group.role)] += group.stop - group.start
    for core in range(network.cores):
        use[core, 2] = np.unpackbits(network.crossbar[core]).sum(dtype=np.int64)
    return use


def limits_of(limits: TrueNorthLimits) -> dict[str, int | None]:
    """Maps each resource to its limit of one core; None for neurons of a role, which share that of all neurons."""
    crossbar = limits.axons_per_core * limits.neurons_per_core
    held = dict(zip(LIMITED, (limits.axons_per_core, limits.neurons_per_core, crossbar), strict=True))
    return held | dict.fromkeys(BY_ROLE)


def cores_lower_bound(program: CoreProgram, limits: TrueNorthLimits) -> int:
    """Returns how many cores no placement of these units, with the filters that they have, can do without.

    Pools and filters are needed on some core wherever units stand, and so are axons for feedback and for the host,
    which stand once even where a neighbour hears them too. Copies, splitters, partial sums, bias neurons and the
    axons of projections depend on who stands beside whom, so they are left out.
    """
    sums = {group.corelet for group in program.neuron_groups if group.role == "sum"}
    neurons = sum(
        group.stop - group.start
        for group in program.neuron_groups
        if group.role in ("pool", "filter") and group.corelet not in sums
    )
    axons = sum(
        group.stop - group.start
        for group in program.axon_groups
        if group.role in ("feedback", "input") and group.corelet not in sums
    )
    return max(-(-neurons // limits.neurons_per_core), -(-axons // limits.axons_per_core), 1)


def populations_of_cores(program: CoreProgram) -> tuple[tuple[str, ...], ...]:
    """Returns for each core the populations that have neurons there, in the order of its neurons."""
    found: list[dict[str, None]] = [{} for _ in range(program.network.cores)]
    for group in sorted(program.neuron_groups, key=lambda group: (group.core, group.start)):
        found[group.core][population_of(group.corelet)] = None
    return tuple(tuple(names) for names in found)
