"""Counts every resource of every core and register, used, limit and percent, and with a load the energy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from neurocmc.common.arrays import Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import json_text
from neurocmc.common.matrices import column_counts, count
from neurocmc.ir.headroom import Headroom
from neurocmc.ir.recording import Recording
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.report.bits import BitBudget, SynapticWork
from neurocmc.report.energy import EnergyEstimate
from neurocmc.report.load import SpikeLoad
from neurocmc.targets import IdealTarget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WHERE_KNOWN = ("chips", "bits")  # fields that JSON leaves out where they are None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceUse:
    """One row: `limit` and `percent` are None where the target has no such limit."""

    resource: str
    used: int
    limit: int | None
    percent: float | None

    @classmethod
    def of(cls, resource: str, used: int, limit: int | None) -> "ResourceUse":
        """Returns the row with its percentage."""
        return cls(resource=resource, used=used, limit=limit, percent=None if limit is None else 100.0 * used / limit)


def uses(resources: Sequence[str], used: Int, limits: Mapping[str, int | None]) -> tuple[ResourceUse, ...]:
    """Returns a row for each resource, of which `used` (resources,) is taken."""
    return tuple(
        ResourceUse.of(resource, count, limits[resource])
        for resource, count in zip(resources, used.tolist(), strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundBy:
    """The cores that any placement needs for the sake of one resource."""

    resource: str
    cores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreUse:
    """All resources of one core, in the order in which the target's family counts them."""

    core: int
    populations: tuple[str, ...]
    resources: tuple[ResourceUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipUse:
    """The chips that a circuit stands on, and what goes between cores in a mean tick; None where it was not run."""

    chips_used: int
    chips: int
    boards_used: int
    boards: int
    cores_of_chip: tuple[int, ...]  # of each chip in use, in their order on the mesh
    messages_per_tick: float | None
    between_chips_per_tick: float | None  # of these, messages that leave their chip
    hops_per_tick: float | None  # from tile to tile, on all chips


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialRange:
    """The range that V of some neurons can be asked to hold, before it is clipped, in LSB."""

    population: str
    role: str
    neurons: int
    low: int | None  # None: nothing stops it
    high: int | None
    limit: int  # the largest magnitude that the register holds
    beyond: int  # neurons whose range leaves the register
    held: float | None  # share of the largest excitation of a tick that the filter takes off again; None without one

    @property
    def share(self) -> float | None:
        """The largest magnitude over the limit; None where the range has no end."""
        if self.low is None or self.high is None:
            return None
        return max(-self.low, self.high, 0) / self.limit


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Budget:
    """What a circuit takes of a target.

    `in_all` is the sum over cores against the whole chip. An ideal target has no cores: `cores` is empty and the
    numbers of cores are None, and neither has it registers that could overflow: `headroom` is empty, as it is where
    `potentials` bounds V instead. `load` and `energy` are None where the circuit was not run, or the target is ideal.
    Files of earlier versions have no `bits`, and are read as if these were not counted.
    """

    circuit: str
    target: str
    cores_used: int | None
    cores_lower_bound: int | None  # no placement can use fewer
    cores_per_chip: int | None
    in_all: tuple[ResourceUse, ...]
    cores: tuple[CoreUse, ...]
    lower_bounds: tuple[BoundBy, ...] = ()  # whose largest is `cores_lower_bound`, where they are known apart
    headroom: tuple[Headroom, ...] = ()
    load: SpikeLoad | None = None
    energy: EnergyEstimate | None = None
    potentials: tuple[PotentialRange, ...] = ()  # of neurosynaptic cores
    saturations: int | None = None  # how often V left its register while the load was measured
    chips: ChipUse | None = None  # where cores have places
    bits: BitBudget | None = None  # synaptic and bit operations, where the circuit was run

    def __repr__(self) -> str:
        """One line: cores, and energy where it is known."""
        cores = (
            "no cores" if self.cores_used is None else f"{self.cores_used:,} of {self.cores_per_chip:,} cores a chip"
        )
        spent_pj = None if self.energy is None else self.energy.dynamic_per_presentation_pj
        energy = "" if spent_pj is None else f", {1e-6 * spent_pj:.3g} µJ a presentation (estimate)"
        return f"<Budget of {self.circuit} on {self.target}: {cores}{energy}>"

    def _repr_html_(self) -> str:
        """A table of all resources, for notebooks."""
        from neurocmc.report.notebook import table_as_html  # it imports this module to draw it

        columns = ("resource", "used", "limit", "%")
        rows = [
            (
                row.resource.replace("_", " "),
                f"{row.used:,}",
                "–" if row.limit is None else f"{row.limit:,}",
                "–" if row.percent is None else f"{row.percent:.1f}",
            )
            for row in self.in_all
        ]
        return table_as_html(columns, rows)

    def plot(self) -> "Figure":
        """Draws how much of its limit each resource takes on the core that is fullest of it.

        Returns:
            A figure of matplotlib, which shows itself as the last value of a notebook's cell.

        Example:
            >>> figure = neurocmc.budget("build/two-state").plot()
            >>> len(figure.axes)
            1
        """
        from neurocmc.report.notebook import draw_budget  # as above

        return draw_budget(self)

    def fullest(self, resource: str) -> tuple[CoreUse, ResourceUse]:
        """Returns the core that uses most of a resource, the first of equals, and its row. ValueError without."""
        rows = [(core, row) for core in self.cores for row in core.resources if row.resource == resource]
        return max(rows, key=lambda pair: pair[1].used)

    def to_json(self) -> str:
        """Returns the one JSON text of the budget."""
        told = _adapter().dump_python(self, mode="json")
        absent = [name for name in _WHERE_KNOWN if told[name] is None]
        return json_text({name: value for name, value in told.items() if name not in absent})

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "budget.json") -> "Budget":
        """Returns the budget that `to_json` wrote; `where` names the file in errors. Raises InputError."""
        cure = "compile again: the file was altered, or written by another version"
        try:
            budget = _adapter().validate_json(text, strict=True)
        except ValidationError as error:
            raise InputError(
                Problem("field-wrong", f"{where}: {'.'.join(map(str, fault['loc'])) or 'file'}", fault["msg"], cure)
                for fault in error.errors(include_url=False)
            ) from None
        named = [row.resource for row in budget.in_all]
        for index, core in enumerate(budget.cores):
            if [row.resource for row in core.resources] != named:
                what = f"should name the resources that in_all names, {', '.join(named)}"
                raise InputError(Problem("field-inconsistent", f"{where}: cores.{index}.resources", what, cure))
        return budget


def ideal_budget(network: SpikingNetwork, target: IdealTarget, seen: Recording | None = None) -> Budget:
    """Returns what a simulator has to hold; it has no limits. Synapses are counted neuron to neuron.

    `seen` is a recording of the network whose synaptic operations are counted.
    """
    size = {p.name: p.neurons for p in network.populations}
    synapses = sum(count(p.weight) * size[p.source] * size[p.target] for p in network.projections)
    pool_synapses = sum(count(p.weight) * size[p.source] for p in network.projections)
    return Budget(
        circuit=network.name,
        target=target.name,
        cores_used=None,
        cores_lower_bound=None,
        cores_per_chip=None,
        in_all=(
            ResourceUse.of("neurons", network.neurons, None),
            ResourceUse.of("synapses", synapses, None),
            ResourceUse.of("synapses_as_simulated", pool_synapses, None),
        ),
        cores=(),
        bits=None if seen is None else BitBudget(ours=_ideal_work(network, seen)),
    )


def _ideal_work(network: SpikingNetwork, seen: Recording) -> SynapticWork:
    """Spikes times the neurons that each reaches. Drives are real numbers, not spikes, and cost none."""
    size = {p.name: p.neurons for p in network.populations}
    totals = {name: counts.sum(axis=0) for name, counts in seen.spike_counts.items()}
    operations = sum(int(column_counts(p.weight) @ totals[p.source]) * size[p.target] for p in network.projections)
    trials = len(next(iter(seen.activity.values())))
    source = f"measured on {seen.level}: stimulus {seen.stimulus}, {trials:,} trials of {seen.ticks:,} ticks"
    return SynapticWork.of(
        operations,
        SpikeLoad(source=source, ticks=seen.ticks, trials=trials, populations=(), inputs=()),
        neurons=network.neurons,
        counted="a spike at a synapse, neuron to neuron; drives are real numbers that are added, and not counted",
    )


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Budget)
