"""Builds a CoreNetwork by hand from axons, neurons and their wiring, added one by one.

    cores = CoreBuilder(axons=4, neurons=4)
    core = cores.add_core()
    drive = cores.add_axon(core, kind=0)
    neuron = cores.add_neuron(core, weight=[3, -2], threshold=10)
    cores.connect(drive, neuron)
    cores.put_out(neuron)
    run = run_cores(cores.network(), CoreInputSpikes.from_trains({drive: [0, 1, 5]}), ticks=20)

Mistakes are gathered and told together by `network`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.ir.truenorth.cores import NOWHERE, OUTPUT, CoreNetwork, packed
from neurocmc.sim.checks import check_range, whole_numbers

LARGEST_FLOOR = (1 << 18) - 1  # of 18 bits, as a threshold has them: lower than V mostly goes
INT16, UINT8, COUNTS = (-(1 << 15), (1 << 15) - 1), (0, 255), (0, (1 << 30) - 1)
# What a CoreNetwork holds; how much less a chip does, the files of targets/ say.
RANGES = {
    "weight": INT16,
    "stochastic_weight": (0, 1),
    "leak": INT16,
    "stochastic_leak": (0, 1),
    "leak_reversal": (0, 1),
    "threshold": COUNTS,
    "noise_mask": COUNTS,
    "floor": COUNTS,
    "floor_saturates": (0, 1),
    "reset_mode": UINT8,
    "reset_potential": (-COUNTS[1], COUNTS[1]),
    "potential": (-COUNTS[1], COUNTS[1]),
}


class Axon(NamedTuple):
    """An axon of a core."""

    core: int
    axon: int


class Neuron(NamedTuple):
    """A neuron of a core."""

    core: int
    neuron: int


class CoreBuilder:
    """Collects cores, axons, neurons and their wiring one by one, and makes a CoreNetwork of them.

    Mistakes are gathered, and `network` raises them together.

    Args:
        axons: Of each core, 1 to 16,384.
        neurons: Of each core, 1 to 16,384.
        types: Types of axons, and so weights of each neuron.
        potential_bits: Of V's register, signed.

    Raises:
        InputError: For sizes that no core can have.

    Example:
        >>> cores = neurocmc.CoreBuilder(axons=4, neurons=4)
        >>> core = cores.add_core()
        >>> drive = cores.add_axon(core, kind=0)
        >>> neuron = cores.add_neuron(core, weight=[3, -2], threshold=10)
        >>> cores.connect(drive, neuron)
        >>> line = cores.put_out(neuron)
        >>> cores.network().synapses
        1
    """

    def __init__(self, *, axons: int = 256, neurons: int = 256, types: int = 4, potential_bits: int = 20) -> None:
        self._sizes = {"axons": axons, "neurons": neurons, "types": types}
        self._potential_bits = potential_bits
        self._faults: list[Problem] = []
        for name, size in self._sizes.items():
            check_range(np.asarray(size), name, (1, 1 << 14), self._faults)
        raise_input_problems(self._faults)
        self._places: list[tuple[int, int]] = []
        self._kinds: dict[Axon, Any] = {}
        self._registers: dict[Neuron, dict[str, Any]] = {}
        self._synapses: list[tuple[Axon, Neuron]] = []
        self._routes: dict[Neuron, tuple[int, int, int]] = {}  # target core, axon or line, delay

    def add_core(self, at: tuple[int, int] | None = None) -> int:
        """Adds a core and returns its index.

        Args:
            at: Its column and row on the grid. None takes the column of its index in the first row.

        Returns:
            The index, from 0.
        """
        self._places.append(at if at is not None else (len(self._places), 0))
        return len(self._places) - 1

    def add_axon(self, core: int, kind: int = 0) -> Axon:
        """Adds the next axon of a core and returns it.

        Args:
            core: The index of the core.
            kind: The type of the axon, which chooses which of a neuron's weights its spikes have.

        Returns:
            The core and the index of the axon.
        """
        axon = Axon(core, sum(other.core == core for other in self._kinds))
        self._kinds[axon] = kind
        return axon

    def add_neuron(
        self,
        core: int,
        *,
        weight: Sequence[int],
        threshold: int,
        leak: int = 0,
        noise_mask: int = 0,
        floor: int = LARGEST_FLOOR,
        floor_saturates: bool = True,
        reset_mode: int = 0,
        reset_potential: int = 0,
        potential: int = 0,
        stochastic_weight: bool | Sequence[bool] = False,
        stochastic_leak: bool = False,
        leak_reversal: bool = False,
    ) -> Neuron:
        """Adds the next neuron of a core and returns it.

        By default a spike resets V to 0, nothing is random, and V does not fall below -(2^18 - 1). Potentials are in
        units of V; the keywords are fields of `CoreNetwork`, which has the equations.

        Args:
            core: The index of the core.
            weight: One for each type of axons, -32,768 to 32,767; those left out are 0.
            threshold: V, from 0, at which the neuron fires.
            leak: Added to V in each tick, -32,768 to 32,767.
            noise_mask: Bits of a random number that are added to the threshold in each tick.
            floor: V does not fall below minus this.
            floor_saturates: Whether V stops at the floor; otherwise it is reset there.
            reset_mode: 0 resets V to `reset_potential`, 1 takes off the threshold, 2 leaves V as it is.
            reset_potential: V after a spike by mode 0; minus it is V after a reset at the floor.
            potential: V before the first tick.
            stochastic_weight: Whether a weight s counts sgn(s) with probability abs(s)/256; one for all types or one
                for each.
            stochastic_leak: Whether the leak counts its sign with probability abs(leak)/256.
            leak_reversal: Whether the leak turns with the sign of V.

        Returns:
            The core and the index of the neuron.
        """
        neuron = Neuron(core, sum(other.core == core for other in self._registers))
        types = self._sizes["types"]
        if len(weight) > types:
            what = f"{len(weight)} weights, there are {types} types of axons"
            self._faults.append(Problem("array-shape", _name(neuron), what, "give one for each type"))
        chance = [stochastic_weight] * types if isinstance(stochastic_weight, bool) else list(stochastic_weight)
        self._registers[neuron] = {
            "weight": (list(weight) + [0] * types)[:types],
            "stochastic_weight": (chance + [False] * types)[:types],
            "leak": leak,
            "stochastic_leak": stochastic_leak,
            "leak_reversal": leak_reversal,
            "threshold": threshold,
            "noise_mask": noise_mask,
            "floor": floor,
            "floor_saturates": floor_saturates,
            "reset_mode": reset_mode,
            "reset_potential": reset_potential,
            "potential": potential,
        }
        return neuron

    def connect(self, axon: Axon, *neurons: Neuron) -> None:
        """Sets bits of the crossbar, so that the axon reaches these neurons of its core.

        Args:
            axon: An axon that `add_axon` returned.
            neurons: Neurons of the same core, that `add_neuron` returned.
        """
        self._synapses += [(axon, neuron) for neuron in neurons]

    def send(self, neuron: Neuron, axon: Axon, delay: int = 1) -> None:
        """Makes an axon the one target of a neuron: a spike of tick t reaches it in tick t + delay.

        Args:
            neuron: The neuron that sends.
            axon: An axon of any core.
            delay: In ticks, from 1.
        """
        self._route(neuron, (axon.core, axon.axon, delay))
        if axon not in self._kinds:
            self._faults.append(
                Problem(
                    "core-part-unknown",
                    _name(neuron),
                    f"it sends to {_name(axon)}, which is not there",
                    "add_axon gives one",
                )
            )

    def put_out(self, neuron: Neuron, line: int | None = None) -> int:
        """Makes a line of the output bus the one target of a neuron, and returns the line.

        Args:
            neuron: The neuron that sends.
            line: The index of the line. None takes the one after the highest that is in use.

        Returns:
            The index of the line.
        """
        lines = [target for core, target, _ in self._routes.values() if core == OUTPUT]
        line = max(lines, default=-1) + 1 if line is None else line
        self._route(neuron, (OUTPUT, line, 1))
        return line

    def network(self, name: str = "by hand") -> CoreNetwork:
        """Makes a network of all that was added.

        Args:
            name: Of the network.

        Returns:
            The network; places of cores that hold no neuron hold a silent one.

        Raises:
            InputError: With every mistake made on the way.
        """
        faults, cores = list(self._faults), len(self._places)
        axons, neurons = self._sizes["axons"], self._sizes["neurons"]
        kinds: NDArray[Any] = np.zeros((cores, axons), dtype=np.int64)
        connected = np.zeros((cores, axons, neurons), dtype=np.bool_)
        routes: NDArray[Any] = np.zeros((3, cores, neurons), dtype=np.int64)
        routes[0], routes[2] = NOWHERE, 1
        for item in (*self._kinds, *self._registers):
            faults += self._misplaced(item, cores)
        for axon, neuron in self._synapses:
            if axon.core != neuron.core or axon not in self._kinds or neuron not in self._registers:
                what = f"{_name(axon)} cannot reach {_name(neuron)}"
                faults.append(
                    Problem(
                        "core-part-unknown",
                        "crossbar",
                        what,
                        "connect an axon and neurons that were added to one core",
                    )
                )
        raise_input_problems(faults)
        for axon, kind in self._kinds.items():
            kinds[axon] = _whole(kind, f"{_name(axon)}, kind", (0, self._sizes["types"] - 1), faults)
        for axon, neuron in self._synapses:
            connected[axon.core, axon.axon, neuron.neuron] = True
        for neuron, route in self._routes.items():
            for part, (what, bounds) in enumerate(
                {"core": (OUTPUT, cores), "target": COUNTS, "delay": UINT8}.items()
            ):
                routes[part][neuron] = _whole(route[part], f"{_name(neuron)}, {what}", bounds, faults)
        registers = {field: self._assembled(field, cores, faults) for field in RANGES}
        raise_input_problems(faults)
        network = CoreNetwork(
            name=name,
            neurons=neurons,
            coordinates=np.array(self._places, dtype=np.int32).reshape(-1, 2),
            axon_type=kinds,
            crossbar=packed(connected),
            target_core=routes[0],
            target_axon=routes[1],
            delay=routes[2],
            outputs=int(routes[1][routes[0] == OUTPUT].max(initial=-1)) + 1,
            potential_bits=self._potential_bits,
            **registers,
        )
        raise_input_problems(network.problems())
        return network

    def _route(self, neuron: Neuron, route: tuple[int, int, int]) -> None:
        if neuron in self._routes or neuron not in self._registers:
            fault = Problem(
                "neuron-target-twice",
                _name(neuron),
                "it has a target already",
                "send its spikes to a second neuron that copies them",
            )
            if neuron not in self._registers:
                fault = Problem("core-part-unknown", _name(neuron), "there is no such neuron", "add_neuron gives one")
            self._faults.append(fault)
        self._routes[neuron] = route

    def _misplaced(self, item: Axon | Neuron, cores: int) -> list[Problem]:
        size = self._sizes["axons" if isinstance(item, Axon) else "neurons"]
        if not 0 <= item.core < cores:
            return [
                Problem(
                    "core-part-unknown",
                    _name(item),
                    f"there are {cores} cores",
                    "add_core gives the index of a new one",
                )
            ]
        if item[1] >= size:
            what = f"a core has {size} {'axons' if isinstance(item, Axon) else 'neurons'}"
            return [Problem("core-full", _name(item), what, "put it on another core, or make the cores larger")]
        return []

    def _assembled(self, field: str, cores: int, faults: list[Problem]) -> NDArray[Any]:
        """(cores, neurons) or, of weights, (cores, neurons, types): silent neurons where none was added."""
        per_type = field in ("weight", "stochastic_weight")
        shape = (cores, self._sizes["neurons"], *((self._sizes["types"],) if per_type else ()))
        fill = COUNTS[1] if field == "threshold" else 0
        values: NDArray[Any] = np.full(shape, fill, dtype=np.int64)
        for neuron, registers in self._registers.items():
            values[neuron] = _whole(registers[field], f"{_name(neuron)}, {field}", RANGES[field], faults)
        return values


def _name(item: Axon | Neuron) -> str:
    return f"core {item.core}, {'axon' if isinstance(item, Axon) else 'neuron'} {item[1]}"


def _whole(value: Any, where: str, bounds: tuple[int, int], faults: list[Problem]) -> NDArray[Any]:
    whole = whole_numbers(value, where, faults)
    if whole is None:
        return np.asarray(0)
    check_range(whole, where, bounds, faults)
    return np.clip(whole, *bounds)
