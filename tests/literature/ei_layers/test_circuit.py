"""The circuit that is written: its rates are the network's, and feedback rests where its closed form says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.api import Model
from neurocmc.common.arrays import Float
from neurocmc.literature.ei_layers.circuit import drives, model_of
from neurocmc.literature.ei_layers.equations import EiNetwork
from neurocmc.literature.ei_layers.fronts import before_layers, feedback_at_rest
from neurocmc.literature.ei_layers.measures import answers_of, emulated
from neurocmc.literature.ei_layers.recipe import Division, EiRecipe
from neurocmc.sim.rate import simulate_rate

from .small import images, network, recipe

SEEN = images(7, 12)
FEEDBACK = {
    "front": {"kind": "feedback", "mean": 0.2, "gain": 50.0},
    "circuit": {"duration_ms": 150, "window_ms": 20, "feedback_tau_ms": 50.0},
}


def written(made: EiNetwork, asked: EiRecipe, calibration: Float = SEEN) -> Model:
    return model_of(made, asked, calibration, SEEN, np.zeros(len(SEEN), dtype=np.int64), 3)


def at_the_end(model: Model, population: str) -> Float:
    (stimulus,) = model.read_stimuli().test
    return simulate_rate(model.circuit, stimulus).activity[population][:, -1].astype(np.float64)


@pytest.mark.parametrize("inhibition", ["folded", "populations"])
@pytest.mark.parametrize("divisions", [("each", "held"), ("one", "held"), ("held", "held"), ("none", "none")])
def test_the_rates_of_the_circuit_are_those_of_the_network(divisions: tuple[Division, ...], inhibition: str) -> None:
    made = network(2, divisions)
    asked = recipe(layers={"division": divisions}, circuit={"inhibition": inhibition, "duration_ms": 60})
    model = written(made, asked)
    wanted = made.activity(SEEN)
    for name, rates in zip(("e1", "e2"), wanted, strict=True):
        assert at_the_end(model, name) == pytest.approx(rates, abs=1e-6)
    assert np.ptp(wanted[-1]) > 0.1
    names = [population.name for population in model.circuit.populations]
    first = [] if divisions[0] == "each" else ["image"]
    own = ["i1"] if first and inhibition == "populations" else []
    assert names == [*first, "e1", *own, "e2", *(["i2"] if inhibition == "populations" else [])]


def test_with_populations_no_unit_both_excites_and_inhibits() -> None:
    asked = recipe(circuit={"inhibition": "populations"})
    model = written(network(2, ("one", "held")), asked)
    for projection in model.circuit.projections:
        weight = np.asarray(projection.weight)
        assert (
            (weight <= 0).all()
            if projection.source.startswith("i") and projection.source != "image"
            else (weight >= 0).all()
        )


def test_feedback_rests_where_its_closed_form_says_at_two_contrasts() -> None:
    made, asked = network(4, ("held", "held")), recipe(**FEEDBACK)
    for contrast in (1.0, 0.05):
        model = model_of(made, asked, SEEN, contrast * SEEN, np.zeros(len(SEEN), dtype=np.int64), 3)
        wanted = feedback_at_rest(contrast * SEEN, asked.front)
        assert at_the_end(model, "front") == pytest.approx(wanted, abs=0.01)
        assert at_the_end(model, "e2") == pytest.approx(made.activity(wanted)[-1], abs=0.05)


def test_what_the_host_sends_is_the_same_at_every_contrast_but_to_feedback() -> None:
    firsts: tuple[Division, ...] = ("each", "one", "held")
    for first in firsts:
        made = network(5, (first, "held"))
        full, faint = (drives(made, recipe().front, contrast * SEEN) for contrast in (1.0, 0.05))
        assert np.allclose(full, faint, rtol=1e-9, atol=1e-9) == (first != "held")
        assert full.shape[1] == (8 if first == "each" else 30)
    full, faint = (drives(network(5, ("held", "held")), recipe(**FEEDBACK).front, c * SEEN) for c in (1.0, 0.5))
    assert (full - faint)[SEEN > 0.01] == pytest.approx(np.log(2.0))


@pytest.mark.parametrize("divisions", [("each", "held"), ("one", "held")])
def test_the_chip_answers_as_the_rates_do(divisions: tuple[Division, ...], tmp_path: Path) -> None:
    made, asked = network(6, divisions), recipe()
    artifact: Any = neurocmc.compile(
        written(made, asked),
        target="loihi1",
        out=tmp_path / "chip",
        neurons=64,
        steps="equal",
        planes=1,
        figures=False,
    )
    sent = drives(made, asked.front, SEEN)
    rates = emulated(artifact, sent, asked.circuit.duration_ms, "e2")[:, -5:].mean(axis=1)
    assert np.abs(rates - made.activity(SEEN)[-1]).max() < 0.1
    answered = answers_of(artifact, made, asked, sent)
    assert np.mean(answered == made.decisions(SEEN)) >= 0.9


def test_the_chip_divides_by_feedback(tmp_path: Path) -> None:
    made, asked = network(4, ("held", "held")), recipe(**FEEDBACK)
    both = np.concatenate([SEEN, 0.05 * SEEN])
    artifact: Any = neurocmc.compile(
        written(made, asked, both), target="loihi1", out=tmp_path / "chip", neurons=64, steps="equal", figures=False
    )
    for images_now in (SEEN, 0.05 * SEEN):
        found = emulated(artifact, drives(made, asked.front, images_now), 150, "front")[:, -20:].mean(axis=1)
        wanted = before_layers(images_now, asked.front)
        assert np.sqrt(np.square(found - wanted).mean()) < 0.03
        assert np.ptp(wanted) > 0.3
