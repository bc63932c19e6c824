"""Refusals for size name what fits: the number compiles, one more is refused, and so do the code and the target."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

import neurocmc
from neurocmc.common.errors import InfeasibleError, Problem
from neurocmc.pipeline.chips.registry import family_of
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search import largest as largest_module
from neurocmc.pipeline.search.largest import SIZES, with_what_fits
from neurocmc.targets import Code, Target, load_target
from tests.made.circuits import steps, swta
from tests.made.targets import loihi, own_axons, truenorth

EXAMPLE = Path("examples/circuit.yaml")
UNFILTERED = Path("tests/neurocorex/swta.yaml")
CIRCUIT, STIMULI = swta(), (steps(),)


def cure_of(circuit: Path, target: Target, options: CompileOptions, folder: Path) -> str:
    with pytest.raises(InfeasibleError) as caught:
        compile_model(circuit, target, folder / "out", options)
    assert not (folder / "out").exists()
    (cure,) = {problem.cure for problem in caught.value.problems if problem.id in SIZES}
    return cure


def named(cure: str) -> int:
    found = re.search(r"use at most [\d,]+ neurons per unit \(--neurons (\d+)\), fewer units, or a larger chip", cure)
    assert found, cure
    return int(found[1])


@pytest.mark.parametrize(
    ("target", "circuit", "options"),
    [
        (loihi(cores_per_chip=2), EXAMPLE, CompileOptions(neurons=500)),
        (loihi(cores_per_chip=1), EXAMPLE, CompileOptions(neurons=500, code="rate")),
        (loihi(cores_per_chip=1), EXAMPLE, CompileOptions(neurons=512, code="interleaved", phases=8)),
        (own_axons(cores_per_chip=3), EXAMPLE, CompileOptions(neurons=512)),
        (loihi("loihi2", cores_per_chip=1), EXAMPLE, CompileOptions(neurons=2000, code="feedback")),
        (truenorth(), EXAMPLE, CompileOptions(neurons=300)),
        (truenorth(grid_columns=3, grid_rows=1), EXAMPLE, CompileOptions()),
        (load_target("ranc"), EXAMPLE, CompileOptions(neurons=230)),
        (load_target("neurocorex"), UNFILTERED, CompileOptions(neurons=64)),
    ],
    ids=lambda value: value.name if isinstance(value, Target) else "",
)
def test_the_number_that_is_named_fits_and_one_more_does_not(
    target: Target, circuit: Path, options: CompileOptions, tmp_path: Path
) -> None:
    largest = named(cure_of(circuit, target, options, tmp_path))
    given = replace(options, neurons=largest, figures=False)
    fits = compile_model(circuit, target, tmp_path / "fits", given)
    assert fits.neurons == largest
    more = replace(given, neurons=largest + (options.phases or 1))
    with pytest.raises(InfeasibleError) as caught:
        compile_model(circuit, target, tmp_path / "more", more)
    assert any(problem.id in SIZES for problem in caught.value.problems)


@settings(max_examples=12, deadline=None)
@drawn(
    cores=st.integers(1, 3),
    compartments=st.integers(8, 64),
    out_axons=st.integers(8, 512),
    own=st.booleans(),
    code=st.sampled_from(("threshold", "rate")),
)
def test_the_law_on_chips_of_any_size(cores: int, compartments: int, out_axons: int, own: bool, code: Code) -> None:
    limits: dict[str, Any] = {
        "cores_per_chip": cores,
        "compartments_per_core": compartments,
        "out_axons_per_core": out_axons,
    }
    target = own_axons(**limits) if own else loihi(**limits)
    options = CompileOptions(neurons=70, code=code, allow_lost_states=True)
    with pytest.raises(InfeasibleError) as caught:
        lower(CIRCUIT, STIMULI, target, options)
    told = with_what_fits(caught.value, CIRCUIT, STIMULI, target, options)
    cure = next(problem.cure for problem in told.problems if problem.id in SIZES)
    if "no number of neurons per unit fits" in cure:
        one = CompileOptions(neurons=1, code=code, allow_lost_states=True)
        with pytest.raises(InfeasibleError):
            lower(CIRCUIT, STIMULI, target, one)
        return
    largest = int(re.findall(r"--neurons (\d+)", cure)[0])
    for neurons, is_size in ((largest, False), (largest + 1, True)):
        try:
            lower(CIRCUIT, STIMULI, target, CompileOptions(neurons=neurons, code=code, allow_lost_states=True))
            refused = set[str]()
        except InfeasibleError as refusal:
            refused = {problem.id for problem in refusal.problems}
        assert bool(refused & SIZES) == is_size
        assert not refused or is_size or "mend what else is refused" in cure


def test_where_no_size_fits_the_target_that_is_named_does(tmp_path: Path) -> None:
    tiny = loihi(cores_per_chip=1, compartments_per_core=3)
    cure = cure_of(EXAMPLE, tiny, CompileOptions(neurons=16), tmp_path)
    found = re.search(r"no number of neurons per unit fits loihi1: use --target (\S+), which holds 16", cure)
    assert found, cure
    options = CompileOptions(neurons=16, figures=False)
    assert compile_model(EXAMPLE, found[1], tmp_path / "fits", options).neurons == 16


def test_a_search_of_sizes_that_all_are_too_large_names_the_target(tmp_path: Path) -> None:
    """Eight neurons are the fewest of --max-error, and no core of five compartments holds them."""
    tiny = loihi(cores_per_chip=1, compartments_per_core=5)
    cure = cure_of(EXAMPLE, tiny, CompileOptions(max_error=0.05), tmp_path)
    assert "which holds 8 neurons per unit" in cure


def test_what_is_refused_for_something_else_stays_as_it_is() -> None:
    other = InfeasibleError(Problem("filters-differ", "population a", "two", "give one"))
    target = load_target("loihi1")
    assert with_what_fits(other, CIRCUIT, STIMULI, target, CompileOptions()) is other


def test_a_network_of_neurons_names_its_largest_population_and_a_target_that_holds_it(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    model = neurocmc.from_memory(cues=np.arange(80), contents=draws.integers(0, 2, (80, 40)))
    with pytest.raises(InfeasibleError) as caught:
        neurocmc.compile(model, target="neurocorex", out=tmp_path / "out")
    (problem,) = (entry for entry in caught.value.problems if entry.id == "neurons-beyond-limit")
    sizes = dict(model.sizes)
    largest = max(sizes, key=lambda name: sizes[name])
    assert problem.cure.endswith(
        f"its largest population is {largest}, {sizes[largest]:,} of {sum(sizes.values()):,} neurons"
    )
    found = re.search(r'use target="(\S+)", or', problem.cure)
    assert found, problem.cure
    assert found[1] != "neurocorex"
    neurocmc.compile(model, target=found[1], out=tmp_path / "fits", figures=False)
    assert family_of(load_target(found[1])) is not family_of(load_target("neurocorex"))


def test_what_is_too_large_to_be_tried_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(largest_module, "MOST_NEURONS", 5 * 100)
    monkeypatch.setattr(largest_module, "lower_staged", lambda *_: pytest.fail("it was compiled"))
    cure = cure_of(EXAMPLE, loihi(cores_per_chip=1), CompileOptions(neurons=500), tmp_path)
    counted = re.search(r"counts allow ([\d,]+); the circuit is too large to compile one size after another", cure)
    assert counted, cure
    assert 100 < int(counted[1].replace(",", "")) <= 1024 // 5
