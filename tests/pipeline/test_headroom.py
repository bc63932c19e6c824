"""Lowering bounds every register of a chip's populations, and an ideal target's, which has none, not at all."""

import numpy as np

from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.emulator import emulate
from neurocmc.sim.loihi.host import encode
from neurocmc.targets import load_target
from tests.made.built import loihi
from tests.made.circuits import steps, swta


def test_currents_of_a_run_stay_within_the_headroom_that_lowering_found() -> None:
    lowered = lower(swta(), (steps(),), load_target("loihi1"), CompileOptions(neurons=16))
    network, headroom = loihi(lowered).integer, loihi(lowered).headroom
    assert [entry.population for entry in headroom] == [p.name for p in network.populations]
    run = emulate(network, encode(network, steps()), 1, steps().ticks(network.tick_s), record_state=True)
    for entry in headroom:
        start = network.first_unit()[entry.population]
        u = run.u[0, :, start : start + network.population(entry.population).units]
        assert entry.proved != "no"
        assert entry.current.low <= u.min()
        assert u.max() <= entry.current.high <= 2**23
        assert np.ptp(u) > 0.05 * entry.current.high  # the bound is of the size of what happens


def test_a_simulator_has_no_registers() -> None:
    built = lower(swta(), (steps(),), load_target("brian2"), CompileOptions(neurons=16)).built
    assert built.budget(steps(), built.run(steps())).headroom == ()
