"""--code auto: the cheapest of all codes that keep an error, and what is said where none does."""

from pathlib import Path

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.options import CompileOptions
from neurocmc.pipeline.search.codes import ERROR, choose_code
from neurocmc.targets import load_target
from tests.cli.running import run
from tests.made.circuits import steps, swta
from tests.passes.test_taps import chain

AUTO = CompileOptions(code=None)


def auto(**more: object) -> CompileOptions:
    return CompileOptions(**{"code": None, "figures": False, **more})


def test_slow_filters_are_for_feedback() -> None:
    choice = choose_code(swta(), (steps(),), load_target("loihi1"), auto(max_error=0.01))
    assert choice.options.code == "feedback"
    assert choice.options.pool <= 8
    kept = [entry for entry in choice.tried if entry.error is not None and entry.error <= 0.01]
    assert {entry.code for entry in kept} >= {"feedback", "threshold"}  # both keep it, and one is cheaper
    assert min(entry.neurons for entry in kept if entry.code == "threshold") > 2 * choice.options.pool
    assert choice.reason.startswith(f"{choice.options.pool} neurons per unit in the feedback code: 1 core, ")
    assert choice.reason.endswith(f"(measured {kept[0].error:.4f}, worst {kept[0].worst})")
    assert f"the least of {len(choice.tried)} candidates that keep 0.01 of range" in choice.reason


def test_one_percent_is_kept_where_nothing_is_asked_for() -> None:
    choice = choose_code(swta(), (steps(),), load_target("loihi1"), AUTO)
    assert f"that keep {ERROR:g} of range" in choice.reason
    assert choice.options.code is not None


def test_relays_and_taps_are_tried_where_a_kernel_needs_them() -> None:
    circuit, stimulus = chain()
    choice = choose_code(circuit, (stimulus,), load_target("loihi1"), auto(max_error=0.01))
    lines = {(entry.code, entry.second_order) for entry in choice.tried}
    assert lines == {(code, by) for code in ("feedback", "interleaved", "threshold") for by in ("relays", "taps")}
    taps = choice.options.second_order == "taps"
    assert len(choice.lowered.spiking.populations) == (2 if taps else 3)


def test_what_is_given_is_not_searched() -> None:
    circuit, stimulus = chain()
    target = load_target("loihi1")
    choice = choose_code(circuit, (stimulus,), target, auto(max_error=0.1, neurons=24, second_order="relays"))
    assert {entry.neurons for entry in choice.tried} == {24}
    assert {entry.second_order for entry in choice.tried} == {"relays"}


def test_a_target_has_its_own_codes() -> None:
    on_cores = choose_code(swta(), (steps(),), load_target("truenorth"), auto(max_error=0.2))
    assert {entry.code for entry in on_cores.tried} == {"threshold"}
    ideal = choose_code(swta(), (steps(),), load_target("brian2"), auto(max_error=0.02))
    assert ideal.options.code == "feedback"
    assert "spikes per presentation" in ideal.reason


def test_what_no_code_keeps_is_told_with_what_each_reached() -> None:
    with pytest.raises(InfeasibleError) as refused:
        choose_code(swta(), (steps(),), load_target("loihi1"), auto(max_error=1e-5))
    (problem,) = refused.value.problems
    assert problem.id == "error-out-of-reach"
    assert problem.where == "--code auto"
    assert problem.what.startswith("no code keeps 1e-05 of range (feedback code 0.0")
    assert "; threshold code 0.0" in problem.what
    assert problem.cure == "use a larger --max-error"


@pytest.mark.parametrize("max_error", [0.0, 1.0, -0.5, float("nan")])
def test_an_error_that_is_no_share_is_refused(max_error: float) -> None:
    with pytest.raises(InputError, match=r"give a fraction of range, such as 0\.02"):
        choose_code(swta(), (steps(),), load_target("loihi1"), auto(max_error=max_error))


def test_what_was_chosen_stands_in_the_artifact(tmp_path: Path) -> None:
    model = neurocmc.load("examples/circuit.yaml")
    artifact = compile_model(model, "loihi1", tmp_path / "a", auto(max_error=0.05))
    given = artifact.manifest["options"]
    assert given["code"] == artifact.code
    assert {entry["code"] for entry in artifact.manifest["neurons_tried"]} >= {"feedback", "threshold"}
    again = compile_model(model, "loihi1", tmp_path / "b", CompileOptions.of(artifact.manifest))
    assert again.code == artifact.code
    for name, activity in neurocmc.simulate(artifact).activity.items():
        assert np.array_equal(activity, neurocmc.simulate(again).activity[name])


def test_the_command_line_and_python_say_auto(tmp_path: Path) -> None:
    done = run(
        *("compile", "examples/circuit.yaml", "--target", "loihi1", "-o", str(tmp_path / "a")),
        *("--code", "auto", "--max-error", "0.05", "--no-figures"),
    )
    assert done.code == 0, done.err
    assert "the least of" in done.out
    artifact = neurocmc.compile(
        "examples/circuit.yaml", out=tmp_path / "b", code="auto", max_error=0.05, figures=False
    )
    assert artifact.manifest["neurons_reason"] in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (CompileOptions(kernel="12"), "a spike of the threshold code has no kernel of several ticks"),
        (CompileOptions(code="feedback", kernel="x"), "got 'x'"),
        (
            CompileOptions(code="feedback", steps="activity"),
            "pools of the feedback code have no thresholds to spread",
        ),
        (CompileOptions(code=None, steps="activity"), "pools of the chosen code have no thresholds to spread"),
    ],
)
def test_options_that_do_not_go_together_are_told(options: CompileOptions, what: str) -> None:
    assert what in [problem.what for problem in options.problems()]


@pytest.mark.parametrize(
    ("options", "id_of_it"),
    [
        (CompileOptions(code="feedback"), "code-unfit"),
        (CompileOptions(second_order="taps"), "option-not-for-this"),
    ],
)
def test_what_cores_cannot_do_is_refused_at_once(options: CompileOptions, id_of_it: str) -> None:
    assert [problem.id for problem in options.unfit(load_target("truenorth"))] == [id_of_it]
    assert not options.unfit(load_target("loihi1"))
