"""Writes the PyNN program of a spiking network: arrays in npz files, and a `run.py` for PyNN on NEST or on Brian2.

Every neuron becomes an `IF_curr_exp` cell, every pair of neurons that a weight connects a synapse. Both simulators
step these cells exactly, with the poles exp(-tick / tau) of the network itself, so one time step is one tick and
nothing is fitted: a weight is divided by what its current adds to the voltage in the tick that it first acts in. What
the host sends, biases, filtered inputs and currents that stand at the beginning are the cells' constant current, set
whenever it changes. `sayable` says which networks that is not possible for.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurocmc.backends.brian2.emit import in_docstring, population_fields, projection_fields, write_numbers
from neurocmc.backends.files import README_FILE, RUN_FILE, TRIALS_EMITTED, stimulus_file
from neurocmc.backends.pynn.sayable import sayable_problems, taus_s
from neurocmc.common.errors import raise_infeasible, raise_input_problems
from neurocmc.common.files import write_file
from neurocmc.common.matrices import count
from neurocmc.common.templates import templates
from neurocmc.ir.spiking import SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.brian2_equations import Names

REQUIRES = {  # of each simulator, the versions that the tests run
    "nest": "PyNN==0.13.0 nest-simulator==3.10.0",
    "brian2": 'PyNN==0.13.0 brian2==2.9.0 \\"numpy<2.4\\"',
}
SYNAPSES_AT_ONCE = 2**19  # of the trials that run side by side on NEST, unless --at-once says another number
UNUSED_S = 0.005  # the time constant of a synapse that nothing arrives at, s


def emit_pynn(network: SpikingNetwork, stimuli: Mapping[str, Stimulus], directory: Path) -> None:
    """Writes `run.py`, `network.npz`, `README.md` and a `stimulus-NAME.npz` for each stimulus into `directory`.

    Args:
        network: Pools of the rate code, with projections of order 1.
        stimuli: By name; of each the first TRIALS_EMITTED trials are written.
        directory: Where to; it is made if it is not there.

    Raises:
        InputError: Where the network is faulty or a stimulus does not fit its inputs.
        InfeasibleError: With everything in the network that PyNN's cells cannot be equal to.
        ValueError: Where there is no stimulus.
    """
    raise_input_problems(network.problems())
    raise_infeasible(sayable_problems(network))
    names = write_numbers(network, stimuli, directory)
    environment = templates(Path(__file__).parent, trim=True, comment=in_docstring)
    fields = _template_fields(network, names, sorted(stimuli))
    for file in (RUN_FILE, README_FILE):
        write_file(directory / file, environment.get_template(f"{file}.j2").render(fields))


def synapses(network: SpikingNetwork) -> int:
    """Returns the synapses between single neurons, one for each time that a spike arrives."""
    total = 0
    for projection in network.projections:
        pairs = network.population(projection.source).neurons * network.population(projection.target).neurons
        total += count(projection.weight) * pairs * len(projection.arrivals)
    return total


def _template_fields(network: SpikingNetwork, names: Names, stimuli: list[str]) -> dict[str, Any]:
    each = synapses(network)
    return {
        "name": network.name,
        "tick_s": network.tick_s,
        "tick_ms": round(network.tick_s * 1e6) / 1e3,
        "neurons": network.neurons,
        "synapses": each,
        "at_once": max(1, SYNAPSES_AT_ONCE // max(1, each)),
        "requires": REQUIRES,
        "delay_max": max((tap.delay_ticks for p in network.projections for tap in p.arrivals), default=1),
        "stimulus_file": stimulus_file(stimuli[0]),
        "stimulus_files": [stimulus_file(name) for name in stimuli],
        "trials": TRIALS_EMITTED,
        "populations": [_population_fields(network, population, names) for population in network.populations],
        "projections": [_projection_fields(projection, names) for projection in network.projections],
        "inputs": [
            {
                "name": e.name,
                "key": f"drive_{names.input[e.name]}",
                "target": names.population[e.target],
                "tau_s": e.tau_s,
                "order": e.order,
            }
            for e in network.inputs
        ],
    }


def _population_fields(network: SpikingNetwork, population: SpikingPopulation, names: Names) -> dict[str, Any]:
    taus = taus_s(network, population)
    unused = UNUSED_S if abs(UNUSED_S / population.tau_mem_s - 1) > 0.1 else 2 * UNUSED_S
    return {
        **population_fields(population, names),
        "tau_mem_s": population.tau_mem_s,
        "tau_up_s": taus["up"][0] if taus["up"] else unused,
        "tau_down_s": taus["down"][0] if taus["down"] else unused,
    }


def _projection_fields(projection: SpikingProjection, names: Names) -> dict[str, Any]:
    return {
        **projection_fields(projection, names),
        "arrivals": tuple((tap.delay_ticks, tap.share) for tap in projection.arrivals),
        "stands": bool(projection.standing.any()) and projection.tau_s > 0,
    }
