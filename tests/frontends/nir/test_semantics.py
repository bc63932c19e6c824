"""Each framework's rules: its poles to the last bit, its reset, its edges a tick later, and what it ignores."""

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.frontends.nir.read import read_nir
from neurocmc.frontends.nir.semantics import NAMES, PRESETS, semantics_of
from neurocmc.ir.neurons.network import NeuronPopulation
from tests.frontends.nir.graphs import (
    DT,
    affine,
    cuba,
    entry,
    integrate_and_fire,
    lif,
    output,
    put,
    read,
    write,
)


def chain(neuron: Any, size: int = 3) -> dict[str, Any]:
    return {"in": entry(4), "fc": affine(size, 4), "x": neuron, "out": output(size)}


def recurrent(neuron: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    nodes = {"in": entry(4), "fc": affine(3, 4), "x": neuron, "rec": affine(3, 3), "out": output(3)}
    return nodes, [("in", "fc"), ("fc", "x"), ("x", "rec"), ("rec", "x"), ("x", "out")]


def population(path: Path, semantics: str, **more: Any) -> NeuronPopulation:
    return read(path, semantics, **more).network.populations[0]


def refused(path: Path, semantics: str, **more: Any) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read(path, semantics, **more)
    assert len(caught.value.problems) == 1, caught.value
    return caught.value.problems[0].id, str(caught.value.problems[0])


def test_snntorch_has_its_own_poles_back(tmp_path: Path) -> None:
    """Its exporter computes tau = dt / (1 - beta) in single precision."""
    rng = np.random.default_rng(0)
    alpha, beta = rng.uniform(0, 0.9, (2, 500)).astype(np.float32)
    alpha[0] = 0.0
    dt, one = np.float32(DT), np.float32(1)
    tau_syn, tau_mem = dt / (one - alpha), dt / (one - beta)
    neuron = cuba(500, tau_syn=tau_syn, tau_mem=tau_mem, r=tau_mem / dt, w_in=tau_syn / dt)
    found = population(write(tmp_path / "net.nir", chain(neuron, 500)), "snntorch-0")
    for pole, own in ((found.pole_syn, alpha), (found.pole_mem, beta)):
        assert np.array_equal(pole, pole.astype(np.float32))
        assert np.abs(pole - own).max() <= 2**-23
    assert found.pole_syn[0] == 0
    assert (found.gain_syn == 1).all()
    assert (found.gain_mem == 1).all()
    assert population(tmp_path / "net.nir", "snntorch-0").threshold.tolist() == [1.0] * 500


def test_a_gain_beyond_rounding_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", chain(lif(3, r=20.0 * (1 + 1e-5))))
    model = read(path)
    assert np.allclose(model.network.populations[0].gain_mem, 1 + 1e-5, rtol=1e-7)
    assert not any("taken as 1" in note for note in model.notes)
    path = write(tmp_path / "net.nir", chain(lif(3, r=20.0 * (1 + 2e-7))))
    model = read(path)
    assert (model.network.populations[0].gain_mem == 1).all()
    assert any("taken as 1" in note for note in model.notes)


@pytest.mark.parametrize(
    ("semantics", "loop", "neuron", "reset", "late", "kept", "ticks"),
    [
        ("snntorch-0", False, lif, "zero", False, False, 1),
        ("snntorch-0", True, cuba, "subtract", False, True, 1),
        ("snntorch-1", False, lif, "zero", False, False, 1),
        ("snntorch-1", True, lif, "zero", False, False, 2),
        ("snntorch-1", False, cuba, "zero", False, False, 2),
        ("snntorch-1", True, cuba, "zero", False, False, 2),
        ("snntorch-1", False, lif, "subtract", True, False, 1),
        ("snntorch-1", True, cuba, "subtract", True, False, 1),
        ("norse", True, cuba, "zero", False, False, 1),
        ("norse", True, cuba, "subtract", False, False, 1),
        ("spyx", False, lif, "subtract", True, False, 1),
        ("spyx", True, cuba, "subtract", False, False, 1),
        ("nir", True, cuba, "zero", False, False, 1),
        ("nir", True, cuba, "none", False, False, 1),
    ],
)
def test_what_a_spike_does(
    semantics: str, loop: bool, neuron: Any, reset: str, late: bool, kept: bool, ticks: int, tmp_path: Path
) -> None:
    made = neuron(3, r=1.0) if semantics == "norse" and neuron is lif else neuron(3)
    path = write(tmp_path / "net.nir", *(recurrent(made) if loop else (chain(made),)))
    found = population(path, semantics, reset=reset)
    assert (found.reset, found.reset_late, found.rest_kept, found.refractory_ticks) == (reset, late, kept, ticks)


def test_norse_steps_by_dt_over_tau_in_single_precision(tmp_path: Path) -> None:
    tau_syn, tau_mem = np.array([1e-3, 7e-4, 3e-3]), np.array([2e-3, 1.1e-3, 9e-4])
    neuron = cuba(3, tau_syn=tau_syn, tau_mem=tau_mem, w_in=np.full(3, 1.5), r=np.full(3, 2.5))
    model = read(write(tmp_path / "net.nir", *recurrent(neuron)), "norse")
    found = model.network.populations[0]
    step = np.float32(DT) * (np.float32(1) / tau_mem.astype(np.float32))
    assert np.array_equal(1 - found.pole_mem, step.astype(np.float64))
    assert (found.gain_syn / (1 - found.pole_syn) == 1.5).all()
    assert (found.gain_mem / (1 - found.pole_mem) == 2.5).all()
    assert model.network.semantics.update == "euler"
    assert [(p.source, p.delays(), p.bias_from_tick) for p in model.network.projections] == [
        ("in", (0,), 0),
        ("x", (1,), 1),
    ]


def test_norse_hands_on_in_the_order_in_which_nirtorch_visits(tmp_path: Path) -> None:
    """Of two ways to a population the one that the file names second comes a tick later, without any loop."""
    nodes = {"in": entry(4), "a": affine(3, 4), "b": affine(3, 4), "x": cuba(3), "out": output(3)}
    edges = [("in", "a"), ("a", "x"), ("in", "b"), ("b", "x"), ("x", "out")]
    model = read(write(tmp_path / "net.nir", nodes, edges), "norse")
    found = {p.bias_from_tick: p for p in model.network.projections}
    assert found[0].delays() == (0, 1)
    assert np.array_equal(found[0].bias, nodes["a"].bias)
    assert np.array_equal(found[1].bias, nodes["b"].bias)
    assert any("b -> x acts a tick later: nirtorch visits" in note for note in model.notes)
    assert read(tmp_path / "net.nir", "nir").network.projections[0].delays() == (0,)


def test_norse_takes_one_input(tmp_path: Path) -> None:
    nodes = {"in": entry(3), "in2": entry(3), "x": cuba(3), "out": output(3)}
    path = write(tmp_path / "net.nir", nodes, [("in", "x"), ("in2", "x"), ("x", "out")])
    assert "nirtorch feeds the first alone" in refused(path, "norse")[1]
    assert [entry.name for entry in read(path, "nir").network.inputs] == ["in", "in2"]


def test_sinabs_counts_time_in_ticks(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", chain(lif(3, tau=20.0, r=1.0)))
    model = read(path, "sinabs")
    found, rules = model.network.populations[0], model.network.semantics
    assert np.array_equal(found.pole_mem, np.full(3, np.float32(np.exp(-1 / 20))))
    assert (found.gain_mem == 1).all()
    assert (found.reset, rules.at_threshold, rules.several_spikes, rules.dt_s) == ("subtract", True, True, 1e-3)
    assert np.isneginf(found.floor).all()
    assert read(path, "sinabs", dt_s=5e-3).network.semantics.dt_s == 5e-3


def test_sinabs_clips_integrators_at_minus_the_threshold(tmp_path: Path) -> None:
    found = population(write(tmp_path / "net.nir", chain(integrate_and_fire(3))), "sinabs")
    assert np.array_equal(found.floor, -found.threshold)
    assert (found.pole_mem == 1).all()


def test_spyx_shows_its_spikes_a_tick_later(tmp_path: Path) -> None:
    nodes, edges = recurrent(cuba(3))
    nodes |= {"f2": affine(2, 3), "y": lif(2)}
    nodes["out"] = output(2)
    edges = [*edges[:-1], ("x", "f2"), ("f2", "y"), ("y", "out")]
    network = read(write(tmp_path / "net.nir", nodes, edges), "spyx").network
    assert network.semantics.output_late_ticks == 1
    assert [(p.source, p.target, p.delays(), p.bias_from_tick) for p in network.projections] == [
        ("in", "x", (0,), 0),
        ("x", "x", (1,), 0),
        ("x", "y", (1,), 0),
    ]


def test_spyx_adds_what_arrives_as_it_is(tmp_path: Path) -> None:
    beta = 1 - DT / 2e-3
    for r in (1.0, beta, 2e-3 / DT):  # its own exporter writes the pole
        found = population(write(tmp_path / "net.nir", chain(lif(3, r=r))), "spyx")
        assert (found.gain_mem == 1).all()
    path = write(tmp_path / "net.nir", chain(lif(3, r=3.0)))
    assert refused(path, "spyx")[0] == "nir-field-unsupported"


def test_spyx_flattens_in_another_order(tmp_path: Path) -> None:
    nodes = {"in": entry(2, 3), "f": nir.Flatten(np.array([2, 3]), 0, -1), "x": lif(6), "out": output(6)}
    path = write(tmp_path / "net.nir", nodes)
    assert "channels last" in refused(path, "spyx")[1]
    assert read(path, "nir").network.neurons == 6


def test_nir_is_exact_over_a_tick(tmp_path: Path) -> None:
    neuron = cuba(3, r=np.full(3, 2.0), w_in=np.full(3, 3.0))
    model = read(write(tmp_path / "net.nir", chain(neuron)), "nir", dt_s=5e-3)  # coarser than its time constants
    found = model.network.populations[0]
    assert np.allclose(found.pole_syn, np.exp(-5.0), rtol=1e-15)
    assert np.allclose(found.gain_syn, 3 * (1 - np.exp(-5.0)), rtol=1e-15)
    assert np.allclose(found.gain_mem, 2 * (1 - np.exp(-2.5)), rtol=1e-15)
    assert model.network.semantics.precision == "float64"


def test_an_integrator_adds_r_dt_or_1(tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", chain(integrate_and_fire(3)))
    for semantics, gain in (("nir", DT), ("norse", 1.0), ("sinabs", 1.0), ("spyx", 1.0)):
        model = read(path, semantics)
        assert (model.network.populations[0].gain_mem == gain).all()
        assert any("an input of 1 adds" in note for note in model.notes)
    path = write(tmp_path / "net.nir", chain(integrate_and_fire(3, r=2.0)))
    for semantics in ("norse", "sinabs", "spyx"):
        name, message = refused(path, semantics)
        assert name == "nir-field-unsupported"
        assert f"{semantics} ignores r" in message
    assert (population(path, "nir").gain_mem == 2 * DT).all()


@pytest.mark.parametrize("semantics", ["norse", "sinabs"])
def test_a_gain_that_the_framework_ignores_is_refused(semantics: str, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", chain(lif(3, tau=20.0, r=2.0)))
    assert refused(path, semantics)[0] == "nir-field-unsupported"
    assert "r of neuron 0 is 2" in refused(path, semantics)[1]


@pytest.mark.parametrize(
    ("semantics", "neuron"),
    [("snntorch-0", integrate_and_fire(3)), ("snntorch-1", integrate_and_fire(3)), ("sinabs", cuba(3))],
)
def test_a_type_that_the_framework_reads_otherwise_is_refused(semantics: str, neuron: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "net.nir", chain(neuron)), semantics)
    assert "nir-node-unsupported" in {problem.id for problem in caught.value.problems}
    if semantics != "sinabs":
        assert "--semantics nir or sinabs" in str(caught.value)


@pytest.mark.parametrize("semantics", ["norse", "spyx"])
def test_a_tick_longer_than_a_time_constant_is_refused(semantics: str, tmp_path: Path) -> None:
    path = write(tmp_path / "net.nir", chain(cuba(3, w_in=np.ones(3), r=np.ones(3))))
    with pytest.raises(InputError) as caught:
        read(path, semantics, dt_s=1.5e-3)
    assert {problem.id for problem in caught.value.problems} == {"step-too-coarse"}
    assert "by more than 100 %" in str(caught.value)


def test_the_names_are_those_of_the_presets() -> None:
    assert set(NAMES) == {"snntorch-0", "snntorch-1", "norse", "sinabs", "spyx", "nir", "neurocmc"}
    for name, preset in PRESETS.items():
        assert preset.name == name
        assert not list(preset.semantics.problems())


@pytest.mark.parametrize(
    ("name", "cure"),
    [("snntorch", "say which: snntorch-0"), ("snnTorch", "say which"), ("sinab", "did you mean sinabs?")],
)
def test_another_name_has_a_cure(name: str, cure: str) -> None:
    preset, problems = semantics_of(name)
    assert preset is None
    assert problems[0].id == "choice-unknown"
    assert cure in problems[0].cure


@pytest.mark.parametrize(
    ("semantics", "more", "expected"),
    [
        ("snntorch-0", {"dt_s": 1e-3, "reset": "zero"}, "option-not-for-this"),
        ("nir", {"reset": "zero"}, "tick-unsaid"),
        ("spyx", {}, "tick-unsaid"),
        ("spyx", {"dt_s": DT, "reset": "zero"}, "option-not-for-this"),
        ("sinabs", {"reset": "zero"}, "option-not-for-this"),
        ("norse", {"dt_s": -1.0}, "time-not-positive"),
        ("norse", {"dt_s": float("nan")}, "time-not-positive"),
        ("norse", {"reset": "sbtract", "dt_s": DT}, "choice-unknown"),
        ("neurocmc", {}, "option-not-for-this"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    semantics: str, more: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "net.nir", chain(lif(3, r=1.0)))
    with pytest.raises(InputError) as caught:
        read_nir(path, semantics=semantics, **more)
    assert expected in {problem.id for problem in caught.value.problems}


def test_a_reset_that_nothing_says_is_asked_for(tmp_path: Path) -> None:
    nodes = {"in": entry(4), "fc": affine(3, 4), "x": lif(3), "f2": affine(2, 3), "y": lif(2), "out": output(2)}
    path = write(tmp_path / "net.nir", nodes)
    for semantics in ("snntorch-0", "nir"):
        name, message = refused(path, semantics, reset=None)
        assert name == "reset-unsaid"
        assert "it does not say how a neuron resets (no v_reset in x, y)" in message
        assert "--reset zero or --reset subtract; trained in snnTorch 0.x: its reset_mechanism" in message
    path = write(tmp_path / "net.nir", nodes, keep_reset=True)
    assert population(path, "nir", reset=None).reset == "zero"
    name, message = refused(path, "snntorch-1", reset=None)
    assert name == "reset-unsaid"
    assert "snnTorch writes v_reset = 0 in x, y whatever it does" in message


@pytest.mark.parametrize("semantics", ["snntorch-0", "norse", "sinabs", "spyx", "nir"])
def test_rests_and_resets_elsewhere_are_refused(semantics: str, tmp_path: Path) -> None:
    for field in ("v_reset", "v_leak"):
        path = write(tmp_path / "net.nir", chain(lif(3, tau=2.0 if semantics == "sinabs" else 2e-3, r=1.0)))
        put(path, f"x/{field}", np.array([0.0, 0.25, 0.0]))
        name, message = refused(path, semantics)
        assert name == "nir-field-unsupported"
        assert f"{field} of neuron 1 is 0.25" in message


def test_a_rest_is_counted_off_where_that_is_exact(tmp_path: Path) -> None:
    leak = np.array([0.25, 0.0, -0.5])
    path = write(tmp_path / "net.nir", chain(lif(3, v_leak=leak)))
    put(path, "x/v_reset", leak)
    model = read(path, "nir", reset=None)
    assert np.array_equal(model.network.populations[0].threshold, 1 - leak)
    assert any("counted from v_leak" in note for note in model.notes)


def own(**more: Any) -> dict[str, Any]:
    return {"neurocmc_semantics": "neurocmc", "neurocmc_dt_s": 1e-3, "neurocmc_reset": "zero"} | more


def test_our_own_files_say_their_tick_and_reset(tmp_path: Path) -> None:
    pole = np.array([0.9, 0.99, 0.123456789])
    neuron = cuba(3, tau_syn=1e-3 / (1 - pole), tau_mem=np.full(3, 1e-2), w_in=1 / (1 - pole), r=np.full(3, 5.0))
    path = write(tmp_path / "net.nir", *recurrent(neuron), metadata=own())
    network = read_nir(path, semantics="neurocmc").network
    found = network.populations[0]
    assert np.allclose(found.pole_syn, pole, rtol=0, atol=1e-16)
    assert (found.gain_syn == 1).all()
    assert np.allclose(found.gain_mem, 0.5, rtol=1e-15)
    assert (network.semantics.dt_s, network.semantics.precision, found.reset) == (1e-3, "float64", "zero")
    assert [(p.delays(), p.bias_from_tick) for p in network.projections] == [((0,), 0), ((1,), 0)]
    for option, value in (("dt_s", 2e-3), ("reset", "subtract")):
        with pytest.raises(InputError) as caught:
            read_nir(path, semantics="neurocmc", **{option: value})
        assert [problem.id for problem in caught.value.problems] == ["options-exclusive"]
    path = write(tmp_path / "net.nir", *recurrent(cuba(3)), metadata=own(neurocmc_reset="subtract"))
    assert read_nir(path, semantics="neurocmc").network.populations[0].reset == "subtract"
