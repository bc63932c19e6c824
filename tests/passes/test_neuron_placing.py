"""Single neurons on cores: every neuron in one place, axons and memory as counted by hand, limits kept or named."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.loihi.chip import RESOURCES, ChipProgram
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.passes.loihi.place import Place
from neurocmc.passes.loihi.placing.fibres import HOST, fibres
from neurocmc.passes.loihi.placing.wiring import neuron_wiring
from neurocmc.passes.loihi.route import Route
from neurocmc.pipeline.chips.loihi_neurons import placed
from neurocmc.pipeline.clock import Clock
from neurocmc.targets import LoihiTarget
from tests.made.integer_neurons import network_of, pool, random_integers, synapses
from tests.made.targets import loihi, own_axons


def built(network: IntegerNeurons, target: LoihiTarget) -> ChipProgram[IntegerNeurons]:
    wiring = neuron_wiring(network)
    program = Route().route(network, wiring, Place().place(wiring, target), target)
    assert program.problems() == ()
    return program


def used(program: ChipProgram[IntegerNeurons], resource: str) -> list[int]:
    return program.use[:, RESOURCES.index(resource)].tolist()


def tiny() -> IntegerNeurons:
    pools = [pool("a", 3), pool("b", 2, decay_u=100, threshold_mantissa=5)]
    parts = [
        synapses("in", [(0, 0, 100), (0, 1, 100), (1, 2, -8)], input="input"),
        synapses("in fine", [(0, 0, 6)], input="input", exponent=-7, whole="in"),
        synapses("rec", [(0, 3, 10), (0, 4, 12), (1, 3, 4), (3, 0, 2)], delay_ticks=[0, 3, 0, 0]),
    ]
    return network_of(pools, parts)


def each_placed_once(program: ChipProgram[IntegerNeurons]) -> bool:
    places = program.network.neuron_slices()
    found = np.zeros(program.network.neurons, dtype=np.int64)
    for segment in program.segments:
        first = places[segment.population].start
        found[first + segment.start : first + segment.stop] += 1
    return bool((found == 1).all())


@pytest.mark.parametrize(("target", "in_axons"), [(loihi(), 5), (own_axons(), 6)])
def test_a_small_network_takes_what_is_counted_by_hand(target: LoihiTarget, in_axons: int) -> None:
    """A synapse is 8 bits of weight and 10 of index, with 6 of delay in all of `rec`; a list has a header of 10.

    Two channels and neurons 0, 1 and 3 send: channel 0 in two formats, which share its axon where axons are shared.
    No list is longer than a word of 64 bits: there are six.
    """
    program = built(tiny(), target)
    use = {resource: used(program, resource) for resource in RESOURCES}
    assert use == {
        "compartments": [5],
        "in_axons": [in_axons],
        "out_axons": [3],
        "synapses": [8],
        "synapse_bits": [6 * 64],
        "compartment_profiles": [2],
        "threshold_profiles": [2],
        "synapse_formats": [3],
    }
    assert each_placed_once(program)


def test_longer_lists_take_more_words() -> None:
    """Three synapses of 18 bits and a header are 64 bits, a fourth is a word more; delays of one make all longer."""
    bits: list[int] = []
    for targets, late in ((3, 0), (4, 0), (3, 1)):
        pairs = [(0, 2 * target, 2) for target in range(targets)]
        part = synapses("s", pairs, input="input", delay_ticks=[late] + [0] * (targets - 1))
        bits += used(built(network_of([pool("a", 9)], [part]), loihi()), "synapse_bits")
    assert bits == [64, 128, 128]


def test_a_wiring_lists_targets_by_sender() -> None:
    made = tiny()
    wiring = neuron_wiring(made)
    assert [(p.name, p.units, p.neurons, p.profile, p.threshold) for p in wiring.pools] == [
        ("a", 3, 1, (4095, 0, 0), 100),
        ("b", 2, 1, (100, 0, 0), 5),
    ]
    assert [(w.input, w.start.tolist(), w.targets.tolist(), w.format) for w in wiring.sparse] == [
        ("input", [0, 2, 3], [0, 1, 2], (0, "mixed", False)),
        ("input", [0, 1, 1], [0], (-7, "mixed", False)),
        ("", [0, 2, 3, 3, 4, 4], [3, 4, 3, 0], (0, "mixed", True)),
    ]
    single = fibres(wiring, own_axons().limits)
    channel = [wiring.neurons, wiring.neurons + 1]  # what may share a list is counted on from the units
    assert list(zip(single.source.tolist(), single.stream.tolist(), map(list, single.targets), strict=True)) == [
        (HOST, channel[0], [0, 1]),
        (HOST, channel[1], [2]),
        (HOST, channel[0], [0]),
        (0, 0, [3, 4]),
        (1, 1, [3]),
        (3, 3, [0]),
    ]
    shared = fibres(wiring, loihi().limits)
    assert shared.list.tolist() == [0, 1, 0, 2, 3, 4]


def test_two_synapses_between_two_neurons_stay_two() -> None:
    twice = [synapses(f"s{k}", [(0, 1, 200)]) for k in range(2)]
    late = synapses("late", [(0, 1, 2), (0, 1, 4)], delay_ticks=[1, 5])
    program = built(network_of([pool("a", 2)], [*twice, late]), loihi())
    assert (used(program, "synapses"), used(program, "out_axons")) == ([4], [1])


def test_a_network_that_one_core_does_not_hold_is_spread() -> None:
    made = random_integers(2)
    program = built(made, loihi(compartments_per_core=8))
    assert program.cores >= 3
    assert max(used(program, "compartments")) <= 8
    assert sum(used(program, "compartments")) == 21
    assert sum(used(program, "synapses")) == made.synapse_count
    assert each_placed_once(program)


LIMITS: dict[str, int] = {
    "compartments_per_core": 5,
    "in_axons_per_core": 22,
    "out_axons_per_core": 24,
    "synapse_memory_bits_per_core": 64 * 60,
    "compartment_profiles_per_core": 1,
    "threshold_profiles_per_core": 1,
}
FULL = {"compartments": 1024, "in_axons": 4096, "out_axons": 4096, "synapse_bits": 1 << 20,
        "compartment_profiles": 32, "threshold_profiles": 8, "synapse_formats": 8}  # fmt: skip


@given(seed=st.integers(0, 1000), which=st.sampled_from(sorted(LIMITS)), shared=st.booleans())
@settings(max_examples=40)
def test_limits_are_kept_or_named(seed: int, which: str, shared: bool) -> None:
    """Networks with few formats, so that what runs out is what is asked for."""
    made = random_integers(seed)
    parts = tuple(replace(part, exponent=0, delay_ticks=np.zeros(part.synapses)) for part in made.synapses[:3])
    made = replace(made, synapses=parts)
    target = (loihi if shared else own_axons)(**{which: LIMITS[which]})
    resource = which.removesuffix("_per_core").replace("synapse_memory_bits", "synapse_bits")
    try:
        program = built(made, target)
    except InfeasibleError as error:
        assert {problem.id for problem in error.problems} <= {"fan-in-beyond-core", "fan-out-beyond-core"}  # noqa: PT017
        return
    for name, limit in (FULL | {resource: LIMITS[which]}).items():
        assert max(used(program, name)) <= limit
    assert each_placed_once(program)
    assert sum(used(program, "synapses")) == made.synapse_count


def refusal(network: IntegerNeurons, **limits: Any) -> str:
    with pytest.raises(InfeasibleError) as caught:
        placed(network, loihi(**limits), Clock(None))
    return str(caught.value)


CURE = "cure: use --weights one, which halves the synapses, a smaller network, or a larger chip (--target)"


def test_a_network_beyond_the_chip_is_refused_with_the_limit_and_a_cure() -> None:
    large = network_of([pool("a", 128 * 1024 + 1)], [synapses("s", [(0, 0, 2)], input="input")])
    told = refusal(large)
    assert (
        "(131,073 neurons, 131,073 of them here) needs 129 cores, limit 128 on loihi1; 128 of them are out of" in told
    )
    assert "[cores-beyond-chip]" in told
    assert CURE in told
    assert "--neurons" not in told


def test_one_neuron_that_no_core_holds_is_refused_by_name() -> None:
    fan_in = synapses("s", [(source, 0, 2) for source in range(30)], input="input")
    wide = network_of([pool("a", 1)], [fan_in], {"input": 30})
    told = refusal(wide, in_axons_per_core=29)
    assert "population a: one neuron has a fan-in of 30 axons" in told
    assert "[fan-in-beyond-core]" in told
    formats = [synapses(f"s{k}", [(0, 0, 2)], exponent=k) for k in range(3)]
    told = refusal(network_of([pool("a", 1)], formats), synapse_formats_per_core=2)
    assert "[synapse-formats-beyond-core]" in told
    for text in (told, refusal(wide, in_axons_per_core=29)):
        assert "--neurons" not in text
