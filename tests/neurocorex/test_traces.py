"""The emulator against what the published VHDL answered in GHDL, tick by tick and neuron by neuron."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocmc.ir.neurocorex.registers import NEURONS, ONE, CoreRegisters
from neurocmc.sim.neurocorex.core import run_core
from tests.neurocorex.rtl import CASES, TRACES, checkout, ghdl, run_rtl

ARRAYS = ("feed_forward", "all_to_all", "threshold", "refractory")


def kept(name: str) -> tuple[CoreRegisters, Any, Any, Any]:
    """Registers, inputs, spikes, and everything that the file says."""
    held = np.load(TRACES / f"{name}.npz")
    numbers: Any = {"leak": int(held["leak"]), "amplitude": int(held["amplitude"])}
    registers = CoreRegisters(**{field: held[field] for field in ARRAYS}, **numbers)
    return registers, held["channel_of_tick"], np.unpackbits(held["spikes"], axis=1)[:, :NEURONS], held


@pytest.mark.parametrize("name", CASES)
def test_the_emulator_spikes_as_the_published_logic_does(name: str) -> None:
    registers, channels, spikes, held = kept(name)
    ours, _ = run_core(registers, channels)
    assert int((ours[: len(spikes)] != spikes).sum()) == 0
    assert spikes.any()
    assert str(held["ghdl"]).startswith("GHDL 2.0.0")
    assert len(str(held["commit"])) == 40


@pytest.mark.parametrize("name", CASES)
def test_a_trace_is_of_the_case_that_makes_it(name: str) -> None:
    registers, channels, _, held = kept(name)
    case = CASES[name]()
    assert all(np.array_equal(getattr(registers, field), getattr(case.registers, field)) for field in ARRAYS)
    assert np.array_equal(channels, case.channel_of_tick)
    assert (bool(held["serial"]), int(held["ratio"])) == (case.serial, case.ratio)


def test_the_traces_are_long_and_one_goes_through_the_serial_line() -> None:
    ticks = {name: len(kept(name)[2]) for name in CASES}
    assert ticks["feed-forward"] >= 1_000
    assert ticks["recurrent"] >= 40
    assert kept("recurrent")[2].sum(axis=1).max() >= 30
    serial = kept("serial")[3]
    assert bool(serial["serial"])
    assert int(serial["ratio"]) == 1_000


def fired(name: str) -> list[tuple[int, int]]:
    """(tick, neuron) of the spikes that GHDL saw."""
    return [tuple(row) for row in np.argwhere(kept(name)[2]).tolist()]


def voltages(name: str) -> Any:
    registers, channels, *_ = kept(name)
    return run_core(registers, channels)[1] / ONE


def test_an_input_spike_acts_two_ticks_after_it_is_sent_and_a_neuron_s_a_tick_after_it() -> None:
    # Channel 1 in ticks 1 and 6 lifts neuron 0 to its threshold of 10 in ticks 2 and 7.
    assert fired("alone") == [(3, 0), (8, 0)]
    seen = voltages("alone")
    assert seen[2, 0] == 10
    assert seen[3, 10] == 0
    assert seen[4, [10, 20]].tolist() == [4, -3]  # once, and nothing decays
    assert seen[7, [10, 20]].tolist() == [4, -3]
    assert seen[9, [10, 20]].tolist() == [8, -6]


def test_a_current_stays_while_some_neuron_spikes_in_every_tick() -> None:
    # Neuron 0 spikes in tick 3, neuron 50 in tick 4: what neuron 0 sent acts in ticks 4 and 5.
    assert fired("stays")[:2] == [(3, 0), (4, 50)]
    assert voltages("stays")[[3, 4, 5], 10].tolist() == [0, 4, 8]


def test_an_input_is_lost_where_the_neuron_before_spikes() -> None:
    # Channel 2 adds 6 to neurons 30 and 31; in tick 3 neuron 30 spikes, and neither gets it.
    seen = voltages("lost-input")
    assert seen[3, [30, 31]].tolist() == [0, 0]
    assert seen[6, [30, 31]].tolist() == [6, 6]


def test_v_wraps_below_minus_128_and_then_spikes() -> None:
    # 20 a tick: -120 after 6 ticks, then -140 + 256 = 116, which is above the threshold of 10.
    assert voltages("leak")[5, 0] == -120
    assert voltages("leak")[6, 0] == 116
    assert fired("leak")[0] == (7, 0)


def test_amplitude_keeps_the_sign_and_the_lowest_17_bits() -> None:
    # 300 is 256 + 44; -300 keeps its sign, and 17 bits of it are 84 - 128.
    assert voltages("amplitude")[2, :2].tolist() == [44, -44]


@pytest.mark.nightly
def test_ghdl_makes_a_trace_again(tmp_path: Path) -> None:
    rtl, program = checkout(), ghdl()
    if rtl is None or program is None:
        pytest.skip("NEUROCOREX_RTL names no checkout of the published VHDL, or there is no ghdl: it was not run")
    _, _, spikes, _ = kept("stays")
    assert np.array_equal(run_rtl(CASES["stays"](), rtl, program, tmp_path), spikes)
