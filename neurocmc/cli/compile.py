"""`neurocmc compile`: a model in, an artifact out, and what was lost on the way."""

from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from neurocmc.cli import complete
from neurocmc.cli.certificates import tell_certificate
from neurocmc.cli.neurons import compile_network, is_spiking, read_model, refuse_given
from neurocmc.cli.options import (
    CHOICE,
    POOLS,
    Calibration,
    Code,
    Deciding,
    Dt,
    Events,
    Figures,
    Images,
    Json,
    Reset,
    Scheduler,
    Semantics,
    Target,
    Weighted,
)
from neurocmc.cli.output import results, say, say_json, show, stages

if TYPE_CHECKING:
    from neurocmc.pipeline.artifact import Artifact
    from neurocmc.report.budget import Budget
    from neurocmc.targets import Planes

EXAMPLES = (
    "neurocmc compile swta-digits --target loihi1 -o build",
    "neurocmc compile circuit.yaml --target mine.yaml -o build --code auto --max-error 0.01",
    "neurocmc compile net.nir --target loihi1 --semantics snntorch-1 --reset zero -o build",
)


class SecondOrder(StrEnum):
    """What stands for kernels that a neuron has no filter for."""

    relays = "relays"
    taps = "taps"


class Axons(StrEnum):
    """How the neurons of a unit send to a core."""

    shared = "shared"
    own = "own"


class Steps(StrEnum):
    """For what the neurons of a unit are spread over its range."""

    equal = "equal"
    decisions = "decisions"
    activity = "activity"


def compile(  # noqa: A001  (the command is called so)
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A name that `neurocmc models` lists, or a file: checkpoint (.pt), circuit (.circuit.npz, .yaml) or "
            "spiking network (.nir).",
            autocompletion=complete.models,
        ),
    ],
    target: Target,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="DIR", help="The directory to write the artifact to.", show_default=False
        ),
    ],
    neurons: Annotated[
        int | None,
        typer.Option(
            help="Neurons per unit. --max-error chooses the number itself.",
            show_default="64",
            rich_help_panel=POOLS,
        ),
    ] = None,
    code: Annotated[
        Code,
        typer.Option(
            help="How the spikes of a pool encode activity. auto takes the cheapest code that keeps --max-error.",
            rich_help_panel=POOLS,
        ),
    ] = Code.threshold,
    kernel: Annotated[
        str | None,
        typer.Option(
            help="For --code feedback: the kernel of one spike, as its length in ticks (12), as lengths of parts "
            "(8-4-4) or as heights per tick (1,.5).",
            show_default="chosen from the filters",
            rich_help_panel=POOLS,
        ),
    ] = None,
    phases: Annotated[
        int | None,
        typer.Option(
            help="For --code interleaved: the number of ticks over which the neurons of a unit take turns.",
            show_default="chosen from the filters",
            rich_help_panel=POOLS,
        ),
    ] = None,
    second_order: Annotated[
        SecondOrder | None,
        typer.Option(
            help="How to realise synaptic kernels that the chip's neurons have no filter for: by relay neurons or "
            "by delayed synapses (taps).",
            show_default="chosen from the code",
            rich_help_panel=POOLS,
        ),
    ] = None,
    axons: Annotated[
        Axons | None,
        typer.Option(
            help="shared: all neurons of a unit send through one axon per core. own: each neuron has its own axon.",
            show_default="as the target states",
            rich_help_panel=POOLS,
        ),
    ] = None,
    steps: Annotated[
        Steps | None,
        typer.Option(
            help="How the thresholds of a unit's neurons are spread over its range: in equal steps, or finest where "
            "decisions or all activity depend on it most.",
            show_default="chosen on the calibration stimuli",
            rich_help_panel=POOLS,
        ),
    ] = None,
    planes: Annotated[
        int | None,
        typer.Option(
            help="Synapses per weight: 1, or 2 whose sum is the weight.",
            show_default="chosen on the calibration stimuli",
            rich_help_panel=POOLS,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random part of --code rate.", rich_help_panel=POOLS)] = 0,
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Choose the fewest neurons per unit whose NRMSE of rates is at most this fraction of range; 0.02 is "
            "2 %.",
            show_default=False,
            rich_help_panel=CHOICE,
        ),
    ] = None,
    tick_ms: Annotated[
        float | None,
        typer.Option(
            metavar="MS",
            help="Model time that one tick stands for, in ms.",
            show_default="chosen from the filters",
            rich_help_panel=POOLS,
        ),
    ] = None,
    images: Images = None,
    calibrate: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A test stimulus to use for calibration as well. May be repeated."),
    ] = None,
    allow_lost_states: Annotated[
        bool,
        typer.Option("--allow-lost-states", help="Compile even if rounding of weights destroys an up-state."),
    ] = False,
    semantics: Semantics = None,
    dt: Dt = None,
    reset: Reset = None,
    decide: Deciding = None,
    weights: Weighted = None,
    events: Events = None,
    calibration: Calibration = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="For --max-error and --code auto: how many candidates to measure at once, each in a process.",
            show_default="1, in this process",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    scheduler: Scheduler = None,
    source: Annotated[
        bool, typer.Option("--source/--no-source", help="Keep a copy of the model in the artifact.")
    ] = True,
    figures: Figures = True,
    as_json: Json = False,
) -> None:
    """Compile a model for a target chip: match gains, round weights, place, route, write the program."""
    from neurocmc.pipeline.bundled import found_model

    model = found_model(model)
    of_circuits = {
        "--neurons": neurons,
        "--code": None if code is Code.threshold else code,
        "--kernel": kernel,
        "--phases": phases,
        "--second-order": second_order,
        "--axons": axons,
        "--steps": steps,
        "--planes": planes,
        "--max-error": max_error,
        "--tick-ms": tick_ms,
        "--workers": workers,
        "--scheduler": scheduler,
        "--images": images,
        "--calibrate": calibrate or None,
        "--seed": seed or None,
        "--allow-lost-states": allow_lost_states or None,
    }
    of_neurons = {
        "--semantics": semantics,
        "--dt": dt,
        "--reset": reset,
        "--decide": decide,
        "--weights": weights,
        "--events": events,
        "--calibration": calibration,
    }
    if is_spiking(model):
        from neurocmc.pipeline.neurons.options import NeuronOptions

        refuse_given(of_circuits, "rate circuits")
        network = read_model(model, semantics, dt, reset, decide, (events, calibration))
        chosen = NeuronOptions(weights=None if weights is None else weights.value, source=source, figures=figures)
        compile_network(network, target, output, chosen, as_json=as_json)
        return
    refuse_given(of_neurons, "networks of spiking neurons (.nir)")
    from neurocmc.pipeline.campaign.place import Place
    from neurocmc.pipeline.compile import compile_model
    from neurocmc.pipeline.options import CompileOptions
    from neurocmc.pipeline.reporting import read_budget

    options = CompileOptions(
        neurons=neurons,
        code=None if code is Code.auto else code.value,
        kernel=kernel,
        phases=phases,
        second_order=None if second_order is None else second_order.value,
        axons=None if axons is None else axons.value,
        steps=None if steps is None else steps.value,
        planes=cast("Planes | None", planes),
        seed=seed,
        max_error=max_error,
        tick_s=None if tick_ms is None else 1e-3 * tick_ms,
        images=images,
        calibrate=tuple(calibrate or ()),
        allow_lost_states=allow_lost_states,
        source=source,
        figures=figures,
    )
    place = Place(workers=1 if workers is None else workers, scheduler=scheduler)
    with stages("compile") as progress:
        artifact = compile_model(model, target, output, options, progress, place)
    if as_json:
        say_json(_as_json(artifact, read_budget(artifact)))
    else:
        with results():
            _tell(artifact, read_budget(artifact))
        _tell_files(artifact)


def _tell(artifact: "Artifact", budget: "Budget") -> None:
    from neurocmc.pipeline.sample import kept_lines, read_sample
    from neurocmc.report import wording
    from neurocmc.report.staging import host_work, staging_costs, time_scale
    from neurocmc.report.tables import gain_fit_table, staging_table

    network = artifact.spiking
    units = artifact.staged.units
    say(
        f"{network.name}: {units} units x {artifact.neurons} neurons in {artifact.code} code "
        f"for {artifact.target.name}, seed {artifact.seed}"
    )
    reason = artifact.manifest["neurons_reason"]
    say(reason if "neurons per unit" in reason else f"neurons per unit: {reason}")
    say(time_scale(artifact.circuit, artifact.staged, artifact.target))
    if rewritten := staging_costs(artifact.circuit, artifact.staged, network):
        show(staging_table(rewritten))
    show(gain_fit_table(network))
    if (losses := artifact.built.losses()) is not None:
        show(losses.render())
    tell_certificate(artifact.certificate, str(artifact.directory / "certificate.json"))
    for line in kept_lines(read_sample(artifact), artifact.manifest["silent_units"]):
        say(line)
    if cores := wording.cores(budget):
        say(cores)
    if budget.energy is not None:
        spent_pj = budget.energy.dynamic_per_presentation_pj
        doubt = "" if spent_pj is None else " (estimate)"
        say(f"energy per presentation: {wording.energy(spent_pj)}{doubt}")
    for part in (*artifact.circuit.on_host, *host_work(network, artifact.target)):
        say(f"stays on the host: {part}")


def _tell_files(artifact: "Artifact") -> None:
    say(f"artifact: {artifact.directory}")
    copy = artifact.manifest["source"]
    with results():
        say(f"model:    {f'a copy is in the artifact, {copy}' if copy else 'no copy is in the artifact'}")
    say(f"report:   {artifact.directory / 'report.html'}")
    with results():
        say(f"next:     neurocmc verify {artifact.directory}")


def _as_json(artifact: "Artifact", budget: "Budget") -> dict[str, Any]:
    from neurocmc.pipeline.sample import read_sample
    from neurocmc.report.staging import staging_costs

    losses = artifact.built.losses()
    return {
        "artifact": artifact.directory,
        "source": artifact.manifest["source"],
        "report": artifact.directory / "report.html",
        "target": artifact.target.name,
        "options": artifact.manifest["options"],
        "neurons_reason": artifact.manifest["neurons_reason"],
        "neurons_tried": artifact.manifest["neurons_tried"],
        "gain_fits": [
            {"population": population.name, "units": population.units, **_fit(population.fit)}
            for population in artifact.spiking.pools
        ],
        "staging": [asdict(cost) for cost in staging_costs(artifact.circuit, artifact.staged, artifact.spiking)],
        "tick_s": artifact.staged.dt_s,
        "kept_on_calibration": read_sample(artifact),
        "silent_units": artifact.manifest["silent_units"],
        **({"projection_losses": [], "population_losses": []} if losses is None else losses.as_json()),
        "budget": {
            "cores_used": budget.cores_used,
            "cores_lower_bound": budget.cores_lower_bound,
            "lower_bounds": {bound.resource: bound.cores for bound in budget.lower_bounds},
            "cores_per_chip": budget.cores_per_chip,
            "in_all": budget.in_all,
        },
    }


def _fit(fit: Any) -> dict[str, Any]:
    """The numbers of a gain fit without its curve."""
    numbers = {field.name: getattr(fit, field.name) for field in fields(fit)}
    curve = ("drive", "wanted", "measured")
    return {name: value for name, value in numbers.items() if name not in curve} | {"headroom": fit.headroom}
