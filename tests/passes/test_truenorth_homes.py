"""Several units on one core: who stands beside whom, what they hear, and what that does to gains, noise and rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import InfeasibleError
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreProgram
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.offsets import Offsets
from neurocmc.passes.relays import Relays
from neurocmc.passes.truenorth.capacity import CoreCapacity
from neurocmc.passes.truenorth.corelets import Corelets
from neurocmc.passes.truenorth.graph import Node, Source
from neurocmc.passes.truenorth.homes import quiet_neurons
from neurocmc.passes.truenorth.ladders import extra_neurons, is_joinable, joined_leaks
from neurocmc.passes.truenorth.registers import CoreRegisters
from neurocmc.sim.rate import simulate_rate
from neurocmc.sim.truenorth import CoreInputSpikes, CoreRecord, run_cores
from neurocmc.sim.truenorth.emulator import simulate_cores
from neurocmc.sim.truenorth.host import encode_cores
from neurocmc.sim.truenorth.reference import run_cores_reference
from neurocmc.targets import TrueNorthTarget
from neurocmc.verification.metrics import nrmse
from tests.made.circuits import driven, matched, population, projection, ramp
from tests.made.core_walks import corelets_of_neurons, drivers, heard_weights, walked_gains
from tests.made.targets import truenorth


def packed(
    circuit: RateCircuit, stimulus: Stimulus, target: TrueNorthTarget | None = None, neurons: int = 64
) -> tuple[RateCircuit, CoreProgram]:
    """The staged circuit, and its program of cores."""
    target = target or truenorth()
    staged = Offsets((stimulus,)).run(Relays().run(circuit, target))
    calibration = Calibrate((stimulus,)).run(staged)
    program = Corelets(staged, calibration).run(matched(staged, stimulus, target, neurons), target)
    assert program.problems() == ()
    return staged, CoreRegisters().run(program, target)


def columns(units: int = 2, *, bias: float = 0.4) -> tuple[RateCircuit, Stimulus]:
    """Units in two populations that excite and inhibit each other through kernels of second order: with relays."""
    up, down = population("up", units, bias=bias), population("down", units)
    eye = np.eye(units)
    circuit = replace(
        driven(up, tau_s=0.01),
        populations=(up, down),
        projections=(
            projection("up", "down", 0.8 * eye, tau_s=0.01, order=2),
            projection("down", "up", -0.5 * eye, tau_s=0.01, order=2),
            projection("up", "up", 0.2 * np.roll(eye, 1, axis=0), tau_s=0.01, order=2, name="up->next"),
        ),
    )
    return circuit, ramp(0.2, 1.0, size=units, edges=40)


def cores_of_units(program: CoreProgram) -> dict[str, int]:
    return {f"{p.name}/{u}": int(p.core[u]) for p in program.populations for u in range(p.units)}


def test_a_relay_stands_beside_its_target_and_one_ladder_is_filter_pool_and_source() -> None:
    _, program = packed(*columns())
    place, network = cores_of_units(program), program.network
    assert place["down.relay/0"] == place["down/0"]
    roles = [g.role for g in program.neuron_groups if g.corelet == "down.relay/0"]
    assert roles == ["filter", "pool", "filter"]
    assert "copy" not in roles
    pool = next(g for g in program.neuron_groups if g.corelet == "down.relay/0" and g.role == "pool")
    target = program.population("down")
    hears_relay = heard_weights(network, int(target.core[0]), int(target.first[0]))
    back = heard_weights(network, pool.core, pool.start)
    for neuron in range(pool.start, pool.stop):
        axon = int(network.target_axon[pool.core, neuron])
        assert back[axon] < 0
        assert hears_relay.get(axon, 1) > 0
    assert sum(int(network.target_axon[pool.core, n]) in hears_relay for n in range(pool.start, pool.stop)) >= 32


def test_a_ladder_follows_its_rates() -> None:
    circuit, stimulus = columns()
    staged, program = packed(circuit, stimulus)
    rate, cores = simulate_rate(staged, stimulus), simulate_cores(program, stimulus)
    assert max(nrmse(rate.activity, cores.activity).values()) < 0.03


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_currents_far_from_0_need_no_ladder_down_to_it(sign: float) -> None:
    """A relay that is never near 0: a floor, or a ceiling, holds its potential when its source falls silent."""
    source, target = population("a", 1, bias=1.0, initial=1.0), population("b", 1, bias=0.0 if sign > 0 else 3.0)
    circuit = replace(
        driven(source),
        populations=(source, target, population("c", 1)),
        projections=(
            projection("a", "b", [[sign]], tau_s=0.01, order=2),
            projection("a", "c", [[1.0]]),  # with one target alone the source itself would stand beside it
        ),
    )
    stimulus = ramp(0.0, 1.0, edges=40)
    staged, program = packed(circuit, stimulus)
    relay = [g for g in program.neuron_groups if g.corelet == "b.relay/0"]
    ladder = sum(g.stop - g.start for g in relay if g.role in ("filter", "pool"))
    assert ladder < 64 + 32
    rate, cores = simulate_rate(staged, stimulus), simulate_cores(program, stimulus)
    assert max(nrmse(rate.activity, cores.activity).values()) < 0.03
    held = replace(stimulus, name="off", values={"drive": np.full_like(stimulus.values["drive"], -5.0)})
    sent = encode_cores(program, replace(held, values={"drive": np.zeros_like(held.values["drive"])}))
    silent = replace(  # nothing reaches the relay: its source has lost all its spikes
        program.network,
        target_core=np.where(_of(program, "a/0", ("copy", "pool")), -1, program.network.target_core),
    )
    run = run_cores(silent, sent, 3000, record=CoreRecord(spikes="all"))
    assert int(run.saturations.sum()) == 0
    spikes = run.spikes[0].reshape(3000, program.network.cores, -1)
    pool = next(g for g in relay if g.role == "pool")
    late = spikes[1500:, pool.core, pool.start : pool.stop].mean()
    assert late < 0.01 if sign > 0 else late > 0.9


def _of(program: CoreProgram, corelet: str, roles: tuple[str, ...]) -> np.ndarray:
    found = np.zeros(program.network.target_core.shape, dtype=np.bool_)
    for group in program.neuron_groups:
        if group.corelet == corelet and group.role in roles:
            found[group.core, group.start : group.stop] = True
    return found


@settings(max_examples=40)
@given(
    lag_ticks=st.floats(1.0, 60.0),
    low=st.floats(-3.0, 3.0),
    span=st.floats(0.2, 3.0),
    neurons=st.sampled_from([16, 32, 64]),
)
def test_the_steps_of_a_joined_ladder_are_those_of_the_pool(
    lag_ticks: float, low: float, span: float, neurons: int
) -> None:
    points = low + (np.arange(neurons) + 0.5) * span / neurons
    margin = 0.05 * span
    node = Node(
        corelet="r/0",
        population="r",
        unit=0,
        keep=lag_ticks / (1.0 + lag_ticks),
        low=min(low - margin, 0.0),
        high=max(low + span + margin, 0.0),
        least=low - margin,
        greatest=low + span + margin,
        points=points,
        start=0.0,
        sources=(Source(node=1, amplitude=1.0),),
        drives=(),
        on_bus=False,
    )
    limits = truenorth().limits
    assert is_joinable(node, limits)
    below, above = extra_neurons(node)
    assert below + above <= np.ceil(0.1 * neurons) + 2
    for leak, scale in joined_leaks(node, limits):
        assert leak.neurons == below + neurons + above
        middles = np.array(leak.thresholds())[below : below + neurons] + (leak.noise_mask + 1) / 2
        assert np.abs(middles - (leak.rest_potential + scale * points)).max() <= 2.0
        assert abs((1.0 - leak.keep) / (1.0 - node.keep) - 1.0) <= 0.02
        assert leak.has_floor == (leak.rest < 0)
        assert leak.has_ceiling == (leak.rest > leak.neurons)


def circuits(seed: int) -> tuple[RateCircuit, Stimulus]:
    """A small circuit of two to three populations, with kernels of either order and connections at random."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 5, size=rng.integers(2, 4))
    pools = tuple(population(f"p{k}", int(size), bias=float(rng.uniform(0.1, 0.5))) for k, size in enumerate(sizes))
    order = int(rng.integers(1, 3))
    projections = tuple(
        projection(
            s.name,
            t.name,
            rng.uniform(-0.5, 0.5, (t.size, s.size)) / s.size * (rng.random((t.size, s.size)) < 0.7),
            tau_s=0.02,
            order=order,
        )
        for s in pools
        for t in pools
        if rng.random() < 0.7
    )
    circuit = replace(driven(pools[0], tau_s=0.02), populations=pools, projections=projections)
    return circuit, ramp(0.2, 1.0, size=pools[0].size, edges=20)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_what_a_walk_over_the_cores_finds_is_what_the_program_says(seed: int) -> None:
    _, program = packed(*circuits(seed))
    network, owner, sent = program.network, corelets_of_neurons(program), drivers(program.network)
    assert all(len(found) == 1 for found in sent.values())  # no axon has two drivers
    host = {
        (int(c), int(a))
        for e in program.inputs
        for c, row, w in zip(e.core, e.axon, e.weight, strict=True)
        for a in row[w != 0]
    }
    assert not host & set(sent)
    connected = {
        (f"{p.target}/{i}", f"{p.source}/{j}") for p in program.projections for i, j in np.argwhere(p.wanted_gain)
    }
    for (core, neuron), (corelet, role) in owner.items():
        if role in ("splitter", "bias", "sum"):
            continue
        for axon in heard_weights(network, core, neuron):
            assert (core, axon) in sent or (core, axon) in host
            for driver in sent.get((core, axon), []):
                source = owner[driver][0].removesuffix("/splitter")
                assert source == corelet or (corelet, source) in connected  # no unit hears a neighbour's axons
    walked = walked_gains(program)
    for held in program.projections:
        largest = np.abs(held.wanted_gain).max(initial=0.0)
        for i, j in np.argwhere(held.wanted_gain).tolist():
            pair = f"{held.target}/{i}", f"{held.source}/{j}"
            if (
                sum(
                    p.wanted_gain[i, j] != 0
                    for p in program.projections
                    if (p.target, p.source) == (held.target, held.source)
                )
                == 1
            ):
                assert np.isclose(walked.get(pair, 0.0), held.realised_gain[i, j], atol=1e-9 + 1e-6 * largest)


def test_packed_cores_step_as_their_readable_twin_says() -> None:
    circuit, stimulus = columns()
    _, program = packed(circuit, stimulus)
    ticks = 100
    sent = encode_cores(program, stimulus)
    early = sent.tick < ticks
    own = CoreInputSpikes(
        trial=sent.trial[early], tick=sent.tick[early], core=sent.core[early], axon=sent.axon[early]
    )
    ours = run_cores(program.network, own, ticks, seed=3, record=CoreRecord(outputs=False, spikes="all")).spikes[0]
    theirs = run_cores_reference(program.network, own, ticks, seed=3).spikes.reshape(ticks, -1)
    assert ours.sum() > 1000
    assert np.array_equal(ours.reshape(ticks, -1), theirs)


def test_the_same_circuit_is_packed_in_the_same_way() -> None:
    first, second = (packed(*columns(4))[1] for _ in range(2))
    for field in ("threshold", "weight", "crossbar", "target_core", "target_axon", "coordinates", "floor"):
        assert np.array_equal(getattr(first.network, field), getattr(second.network, field))
    assert first.neuron_groups == second.neuron_groups
    assert first.axon_groups == second.axon_groups


def test_units_that_need_a_core_each_keep_it() -> None:
    """With pools of 150 neurons no two units fit 256."""
    circuit, stimulus = columns()
    staged, program = packed(circuit, stimulus, neurons=150)
    assert len(set(cores_of_units(program).values())) == staged.units


def test_small_pools_stand_close() -> None:
    circuit, stimulus = columns(4)
    staged, program = packed(circuit, stimulus, neurons=16)
    assert program.network.cores <= staged.units / 3


@given(st.floats(0.0, 0.999), st.floats(0.0, 0.999))
def test_a_slower_filter_needs_no_more_neurons(keep: float, other: float) -> None:
    fast, slow = sorted((keep, other))
    assert quiet_neurons(slow) <= quiet_neurons(fast)


def test_only_pools_that_no_core_has_neurons_for_are_too_many() -> None:
    """Four pools of 64 neurons could stand on one core, five could not."""
    target = truenorth(grid_columns=1, grid_rows=1)
    four, five = (driven(population("u", units)) for units in (4, 5))
    assert CoreCapacity(neurons=64).run(four, target) is four
    assert CoreCapacity(neurons=51).run(five, target) is five
    with pytest.raises(InfeasibleError, match=r"5 pools of 64 neurons: .* 4 at most, .*\[cores-beyond-chip\]"):
        CoreCapacity(neurons=64).run(five, target)
    with pytest.raises(InfeasibleError, match=r"\[pool-beyond-core\]"):
        CoreCapacity(neurons=225).run(four, truenorth())


def test_a_source_too_weak_for_its_whole_pool_stands_apart() -> None:
    """Beside its target, which hears a strong source as well, half a pool at the least weight would be too much."""
    weak, strong, target = population("weak", 1), population("strong", 1), population("t", 1)
    circuit = replace(
        driven(weak),
        populations=(weak, strong, target),
        projections=(projection("weak", "t", [[0.002]]), projection("strong", "t", [[1.0]])),
        inputs=tuple(replace(driven(weak).inputs[0], name=name, target=name) for name in ("weak", "strong")),
    )
    shown = ramp(0.1, 1.0, edges=20)
    stimulus = replace(shown, values=dict.fromkeys(("weak", "strong"), shown.values["drive"]))
    _, program = packed(circuit, stimulus)
    assert max(float(p.gain_residual.max()) for p in program.populations) <= 0.04
