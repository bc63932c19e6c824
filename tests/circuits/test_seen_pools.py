"""Pools of `train --for`: their ranges are those that the compiler finds, and what they send is what a chip sends."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neurocmc.circuits import seen_pools
from neurocmc.circuits.checkpoints import checkpoint_bytes, save_checkpoint, trained_checkpoint
from neurocmc.circuits.cmc.model import CmcModel
from neurocmc.circuits.cmc.recipe import CmcRecipe
from neurocmc.circuits.cmc.train import train as train_cmc
from neurocmc.circuits.digits import DigitSplit, load_digits
from neurocmc.circuits.for_chip import for_chip
from neurocmc.circuits.memory_tasks.model import MemoryModel
from neurocmc.circuits.memory_tasks.recipe import DelayedMatchRecipe
from neurocmc.circuits.memory_tasks.train import train as train_memory
from neurocmc.circuits.memory_tasks.trials import make_trials
from neurocmc.circuits.model import DigitModel
from neurocmc.circuits.recipe import Recipe
from neurocmc.circuits.seen_pools import SeenPools
from neurocmc.circuits.train import train as train_swta
from neurocmc.common.errors import InputError
from neurocmc.ir.spiking import SpikingPopulation
from neurocmc.passes import offsets
from neurocmc.passes.gain_match import GainMatch
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.model import Model, load
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import SILENT
from neurocmc.targets import load_target

NEURONS = 16


def swta_recipe(**training: object) -> Recipe:
    data = {
        "family": "swta",
        "task": "mnist-5k",
        "encoder": {"channels": [2, 2]},
        "presentation": {"presentation_s": 0.04, "window_s": 0.01},
        "training": {"epochs": 1, "warmup_epochs": 0, "batch_size": 50} | training,
    }
    return Recipe.model_validate_json(json.dumps(data))


def cmc_recipe(**circuit: object) -> CmcRecipe:
    data = {
        "family": "cmc",
        "task": "mnist-5k",
        "images": 100,
        "circuit": {"columns": 3, "regions": 2, "fan_in": 2} | circuit,
        "retina": {"channels": 1, "mixed": 2, "grid": 6},
        "gaze": {"glimpses": 2, "width": 3, "hold_ticks": 3},
        "readout": {"window_ticks": 3},
        "training": {"epochs": 2, "batch_size": 50},
    }
    return CmcRecipe.model_validate_json(json.dumps(data))


def match_recipe() -> DelayedMatchRecipe:
    data = {
        "family": "memory",
        "task": "delayed-match",
        "circuit": {"items": 3, "channels": 4, "dt_s": 0.004},
        "trial": {"sample_s": 0.04, "test_s": 0.04, "window_s": 0.02},
        "training": {"epochs": 1, "steps": 2, "batch_size": 8, "delays_tau": [1.0, 2.0]},
        "evaluation": {"delays_tau": [1.0], "trials": 20, "calibration_trials": 8},
    }
    return DelayedMatchRecipe.model_validate_json(json.dumps(data))


def loaded(recipe: Any, model: torch.nn.Module, folder: Path) -> Model:
    """What the compiler reads of a model as it is."""
    save_checkpoint(trained_checkpoint(recipe, {}, model), folder / "m.pt")
    return load(folder / "m.pt")


def lowered(model: Model, target: str) -> Lowered:
    options = CompileOptions(neurons=NEURONS, allow_lost_states=True)
    return lower(model.circuit, model.read_stimuli().calibration, load_target(target), options)


def watch(pools: SeenPools, run: Any) -> None:
    with pools.watching(), torch.no_grad():
        run()


def width_of(pool: SpikingPopulation) -> float:
    return pool.activity_per_spike * pool.neurons


def test_the_pools_of_a_winner_take_all_are_the_compiler_s(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = DigitModel(swta_recipe())
    circuit = model.circuit
    network = lowered(loaded(swta_recipe(), model, tmp_path), "loihi1").spiking
    pools = SeenPools(circuit.groups(), circuit.units + 1, NEURONS)
    circuit.pools = pools
    watch(pools, lambda: model(torch.tensor(load_digits().calibration().images)))
    assert float(pools.width[0]) == pytest.approx(width_of(network.population("excite")), rel=1e-5)
    assert float(pools.width[-1]) == pytest.approx(width_of(network.population("inhibit")), rel=1e-5)
    assert not pools.floor.any()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus"])
def test_the_pools_of_microcircuits_are_the_compiler_s(activation: str, tmp_path: Path) -> None:
    recipe = cmc_recipe(activation=activation)
    torch.manual_seed(1)
    model = CmcModel(recipe)
    read = loaded(recipe, model, tmp_path)
    made = lowered(read, "loihi1")
    pools = model.circuit.chip_pools(NEURONS, relays=True)
    assert pools.relay is not None
    model.circuit.pools = pools
    drives = torch.tensor(read.read_stimuli().calibration[0].values["drive"]).float()
    with torch.no_grad(), pools.watching():
        model.circuit(drives, 3)
    shape = (2, 4, 3)
    base = -1.0 if activation == "tanh" else 0.0
    for region, place in np.ndindex(2, 4):
        name = f"V{region + 1}.{('ss', 'sp', 'ii', 'dp')[place]}"
        pool = made.spiking.population(name)
        floor, width = (part.reshape(shape)[region, place].numpy() for part in (pools.rate.floor, pools.rate.width))
        np.testing.assert_allclose(width, width_of(pool), rtol=1e-4)
        np.testing.assert_allclose(floor, base + made.staged.population(name).floor, atol=1e-5)
        relay, fit = made.staged.population(f"{name}.relay"), made.spiking.population(f"{name}.relay").fit
        floor, width = (part.reshape(shape)[region, place].numpy() for part in (pools.relay.floor, pools.relay.width))
        np.testing.assert_allclose(width, fit.ceiling / relay.gain, rtol=1e-4)
        np.testing.assert_allclose(floor, relay.offset, atol=1e-4)


def test_what_training_sees_is_what_the_chip_sends(tmp_path: Path) -> None:
    """Torch through pools beside the ideal spiking level, tick by tick: the same steps."""
    recipe = swta_recipe()
    torch.manual_seed(1)
    model = DigitModel(recipe)
    read = loaded(recipe, model, tmp_path)
    made = lowered(read, "brian2")
    stimulus = read.read_stimuli().calibration[0].take(slice(0, 20))
    circuit = model.circuit.double()
    pools = SeenPools(circuit.groups(), circuit.units + 1, NEURONS)
    circuit.pools = pools
    for units, name in ((slice(0, 10), "excite"), (slice(10, 11), "inhibit")):
        pools.width[units] = width_of(made.spiking.population(name))
    evidence = torch.tensor(stimulus.values["evidence"][:, 0])
    with torch.no_grad():
        sent = circuit(evidence[:, None].expand(-1, 40, -1))[..., :10].numpy()
    chip = made.built.run(stimulus).activity["excite"]
    assert np.abs(sent - chip).mean() < 1e-3 * width_of(made.spiking.population("excite"))


@pytest.mark.parametrize(("target", "relays", "off"), [("brian2", False, 1e-3), ("loihi1", True, 0.1)])
def test_microcircuits_in_training_take_the_steps_of_the_chip(
    target: str, relays: bool, off: float, tmp_path: Path
) -> None:
    """The share of rates that are a step off: none on the ideal level; on Loihi where rounded weights decide."""
    recipe = cmc_recipe(regions=1)
    torch.manual_seed(1)
    model = CmcModel(recipe)
    read = loaded(recipe, model, tmp_path)
    made = lowered(read, target)
    circuit = model.circuit.double()
    pools = circuit.pools = circuit.chip_pools(NEURONS, relays=relays)
    calibration, test = (torch.tensor(s.values["drive"]) for s in read.read_stimuli().by_name().values())
    with torch.no_grad():
        with pools.watching():
            circuit(calibration, 3)
        sent = circuit(test, 3).rate[:, :, 0].numpy()
    chip = made.built.run(read.read_stimuli().test[0]).activity
    widths = pools.rate.width.reshape(4, 3)[:, 0].tolist()
    for place, (name, width) in enumerate(zip(("ss", "sp", "ii", "dp"), widths, strict=True)):
        rates = chip[f"V1.{name}"][:, 1:] + made.staged.population(f"V1.{name}").floor
        assert (np.abs(sent[:, :, place] - rates) > 0.5 * width / NEURONS).mean() <= off


def small_split() -> DigitSplit:
    split = load_digits()
    return DigitSplit(train=split.train.take(slice(0, 600)), test=split.test.take(slice(0, 100)))


def test_a_training_for_a_chip_is_reproducible_and_another_one(tmp_path: Path) -> None:
    recipe = for_chip(swta_recipe(), "loihi1", NEURONS)
    first, again = (train_swta(recipe, split=small_split()) for _ in range(2))
    assert checkpoint_bytes(first) == checkpoint_bytes(again)
    plain = train_swta(swta_recipe(), split=small_split())
    assert first["recipe"]["training"].pop("pools") == {"target": "loihi1", "neurons": NEURONS, "relays": True}
    assert first["recipe"] == plain["recipe"]  # one for no chip is written as ever
    assert set(first["state_dict"]) == set(plain["state_dict"])
    assert set(first["metrics"]) == {*plain["metrics"], "chip_accuracy"}
    assert any(not torch.equal(first["state_dict"][name], value) for name, value in plain["state_dict"].items())
    save_checkpoint(again, tmp_path / "m.pt")
    assert load(tmp_path / "m.pt").facts["trained for"] == "loihi1, 16 neurons per unit"


class StoppedError(Exception):
    pass


def test_a_training_for_a_chip_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    recipe = for_chip(cmc_recipe(), "loihi1", NEURONS)
    whole = train_cmc(recipe, output=tmp_path / "whole.pt")

    def stop(_report: object) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        train_cmc(recipe, progress=stop, output=tmp_path / "m.pt")
    with pytest.raises(InputError, match="another recipe"):  # of a training for no chip
        train_cmc(cmc_recipe(), output=tmp_path / "m.pt", resume=True)
    resumed = train_cmc(recipe, output=tmp_path / "m.pt", resume=True)
    assert checkpoint_bytes(resumed) == checkpoint_bytes(whole)
    assert "chip_accuracy" in resumed["metrics"]


def test_a_working_memory_is_trained_for_a_chip() -> None:
    checkpoint = train_memory(for_chip(match_recipe(), "loihi1", NEURONS))
    assert "chip_accuracy" in checkpoint["metrics"]
    assert checkpoint["recipe"]["training"]["pools"]["neurons"] == NEURONS
    recipe = match_recipe()
    torch.manual_seed(0)
    model = MemoryModel(recipe)
    torch.nn.init.constant_(model.circuit.get_parameter("sensory"), 1.0)  # all items at once: nobody is silent
    free = model.run(make_trials(recipe, "calibration", 8, 1.0))
    model.circuit.pools = SeenPools(model.circuit.groups(), model.circuit.units, NEURONS)
    watch(model.circuit.pools, lambda: model.run(make_trials(recipe, "calibration", 8, 1.0)))
    sent = model.run(make_trials(recipe, "calibration", 8, 1.0))
    assert not torch.equal(sent, free)
    assert float((sent - free).abs().mean().detach()) < 0.1 * float(free.max().detach())


def test_the_numbers_of_the_compiler_are_the_compiler_s() -> None:
    assert GainMatch.margin == seen_pools.CEILING_MARGIN
    assert seen_pools.SILENT == SILENT
    for name in ("MARGIN", "SMALLEST", "NARROWEST", "WHOLE", "LEAST"):
        assert getattr(seen_pools, name) == getattr(offsets, name)


def test_a_circuit_that_no_chip_steps_is_refused() -> None:
    for circuit in ({"variant": "ode-off"}, {"solver": "midpoint"}):
        with pytest.raises(InputError) as refused:
            for_chip(cmc_recipe(**circuit), "loihi1", NEURONS)
        assert [problem.id for problem in refused.value.problems] == ["option-not-for-this"]
