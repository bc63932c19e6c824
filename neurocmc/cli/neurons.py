"""What commands do with networks that spike already: files of NIR and memories, and artifacts compiled from them."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from neurocmc.cli.failures import MISSED
from neurocmc.cli.options import Decide
from neurocmc.cli.output import grid, results, say, say_json, show, stages
from neurocmc.common.errors import Problem, raise_input_problems

if TYPE_CHECKING:
    from neurocmc.pipeline.neurons.artifact import NeuronArtifact
    from neurocmc.pipeline.neurons.model import NeuronModel
    from neurocmc.pipeline.neurons.options import NeuronOptions
    from neurocmc.pipeline.neurons.verify import NeuronVerifyOptions


def refuse_given(options: Mapping[str, object], belonging_to: str) -> None:
    """Refuses options that would be passed over. Raises InputError with all of them."""
    raise_input_problems(
        Problem("option-not-for-this", name, f"is for {belonging_to}", "leave it out")
        for name, value in options.items()
        if value is not None
    )


def read_model(
    path: Path,
    semantics: str | None,
    dt: float | None,
    reset: str | None,
    decide: Decide | None,
    stimuli: tuple[Path | None, Path | None],
) -> "NeuronModel":
    """Reads a .nir file or a memory with its events and calibration. Raises InputError as `load_spiking`."""
    from neurocmc.pipeline.neurons.files import load_spiking

    return load_spiking(path, semantics, dt, reset, None if decide is None else decide.value, stimuli)


def compile_network(
    model: "NeuronModel", target: str, output: Path, options: "NeuronOptions", *, as_json: bool
) -> None:
    """Compiles a network of neurons, and tells what became of it."""
    from neurocmc.pipeline.neurons.compile import compile_neurons
    from neurocmc.report import wording

    with stages("compile") as progress:
        artifact = compile_neurons(model, target, output, options, progress)
    built, manifest, budget = artifact.built, artifact.manifest, artifact.budget
    losses = built.losses()
    if as_json:
        told = {key: manifest[key] for key in ("semantics", "options", "weights_reason", "notes", "exchanged")}
        say_json(
            {
                "artifact": artifact.directory,
                "source": manifest["source"],
                "report": artifact.directory / "report.html",
                "target": artifact.target.name,
                **told,
                "registers": list(built.verdicts()),
                **({} if losses is None else losses.as_json()),
                "budget": {
                    "cores_used": budget.cores_used,
                    "cores_lower_bound": budget.cores_lower_bound,
                    "cores_per_chip": budget.cores_per_chip,
                    "in_all": budget.in_all,
                },
            }
        )
        return
    from neurocmc.pipeline.neurons.reporting import host_work, rules, summary, synapses

    with results():
        say(f"{built.name} for {artifact.target.name}: {summary(built)}")
        if manifest["semantics"]["name"] is not None:
            say(f"rules: {rules(manifest['semantics'])}")
        say(f"weights: {synapses(manifest)}")
        for told, lines in (("note", manifest["notes"]), ("exchanged", manifest["exchanged"])):
            for line in lines:
                say(f"{told}: {line}")
        if losses is not None:
            show(losses.render())
        for line in filter(None, (*built.verdicts(), wording.cores(budget))):
            say(line)
        if budget.energy is not None:
            spent_pj = budget.energy.dynamic_per_presentation_pj
            doubt = "" if spent_pj is None else " (estimate)"
            say(f"energy per presentation: {wording.energy(spent_pj)}{doubt}")
        for part in host_work(built):
            say(f"stays on the host: {part}")
    say(f"artifact: {artifact.directory}")
    say(f"report:   {artifact.directory / 'report.html'}")
    with results():
        say(f"next:     neurocmc verify {artifact.directory}")


def verify_network(artifact: "NeuronArtifact", options: "NeuronVerifyOptions", *, as_json: bool) -> None:
    """Verifies a network of neurons; exit code 1 where a budget is missed."""
    from neurocmc.cli.verify import tell_edges
    from neurocmc.pipeline.neurons.verify import verify_neurons

    with stages("verify") as progress:
        result = verify_neurons(artifact, options, progress)
    if as_json:
        say_json(result.as_json())
    else:
        tell_edges(result.edges)
        with results():
            for line in artifact.built.verdicts():
                say(line)
        say(f"edges:  {artifact.directory / 'verify.json'}")
        say(f"report: {result.report}")
    if not result.passed:
        raise typer.Exit(MISSED)


def simulate_on(
    artifact: "NeuronArtifact",
    on: str,
    output: Path,
    stimulus: str | None,
    samples: int | None,
    time_limit_s: float,
    *,
    as_json: bool,
) -> None:
    """Runs a network of neurons, writes its spikes, and tells its decisions."""
    from neurocmc.ir.neurons.store import save_spikes
    from neurocmc.pipeline.neurons.simulate import chosen_events, simulate_network
    from neurocmc.sim.neurons import decisions

    with stages("simulate") as progress:
        progress(on, 0.0)
        chosen = chosen_events(artifact, stimulus, samples)
        recording = simulate_network(artifact, on, chosen, None, time_limit_s)
        save_spikes(recording, output)
    decided = {} if artifact.given is None else decisions(artifact.given, recording)
    known = chosen.labels >= 0
    right = {
        name: float((answers[known] == chosen.labels[known]).mean()) if known.any() else None
        for name, answers in decided.items()
    }
    populations = [
        {"name": name, "neurons": recording.sizes[name], "spikes": spikes.total}
        for name, spikes in recording.spikes.items()
    ]
    if as_json:
        say_json(
            {
                "recording": output,
                "on": recording.level,
                "stimulus": recording.stimulus,
                "trials": recording.batch,
                "ticks": recording.ticks,
                "populations": populations,
                "decisions": {name: answers.tolist() for name, answers in decided.items()},
                "accuracy": right,
            }
        )
        return
    with results():
        say(f"{recording.stimulus} on {recording.level}: {recording.batch:,} trials of {recording.ticks:,} ticks")
        for population in populations:
            say(f"  {population['name']}: {population['neurons']:,} neurons, {population['spikes']:,} spikes")
        for name, share in right.items():
            if share is not None:
                say(f"{name} accuracy: {100 * share:.2f} % of {int(known.sum()):,} labelled trials")
    say(f"recording: {output}")


def is_spiking(path: Path) -> bool:
    """Whether a file holds a network that spikes already. Raises InputError for YAML that cannot be read."""
    from neurocmc.pipeline.neurons.files import is_spiking as is_of_neurons

    return is_of_neurons(path)


def inspect_spiking(
    path: Path,
    options: tuple[str | None, float | None, str | None, Decide | None],
    *,
    as_json: bool,
) -> None:
    """Shows a file of NIR, and its network where one of its options is given; or a memory and its network."""
    from neurocmc.frontends.nir.read import nir_facts
    from neurocmc.pipeline.bundled import rules_of
    from neurocmc.pipeline.neurons.files import NIR_ENDING

    if path.suffix != NIR_ENDING:
        model = read_model(path, *options, (None, None))
        _inspect(path, model, model.facts, as_json=as_json)
        return
    facts = nir_facts(path)
    asked = rules_of(path) is not None or any(option is not None for option in options)
    named = read_model(path, *options, (None, None)) if asked else None
    _inspect(path, named, facts, as_json=as_json)


def _inspect(path: Path, model: "NeuronModel | None", facts: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        say_json({"model": path, "facts": facts, **({} if model is None else _network(model))})
        return
    say(f"{path}: {_told(facts.get('nodes') or facts.get('family', ''))}")
    show(
        grid(
            "graph" if "nodes" in facts else "memory",
            ("", "value"),
            [(name, _told(value)) for name, value in facts.items()],
        )
    )
    if model is None:
        say("name the framework that trained it (--semantics) to see the compiled network")
        return
    network = _network(model)
    for title in ("populations", "projections", "readouts"):
        rows: list[dict[str, Any]] = network[title]
        if rows:
            columns = list(rows[0])
            numbers = [name for name, value in rows[0].items() if isinstance(value, int | float)]
            show(grid(title, columns, [[_shown(value) for value in row.values()] for row in rows], numbers))
    for note in model.network_notes:
        say(f"note: {note}")


def _told(fact: object) -> str:
    """What a fact says to a reader: entries of mappings one after the other, shapes with a cross between."""
    if isinstance(fact, Mapping):
        entries = cast("Mapping[str, object]", fact).items()
        return ", ".join(f"{name} {_told(value)}" for name, value in entries) or "none"
    if isinstance(fact, list | tuple):
        return " x ".join(str(value) for value in cast("list[object]", fact))
    return str(fact)


def _network(model: "NeuronModel") -> dict[str, Any]:
    network = model.network
    if network is None:
        return {}
    return {
        "semantics": asdict(network.semantics),
        "populations": [
            {
                "name": p.name,
                "neurons": p.size,
                "pole of i": _range(p.pole_syn),
                "pole of v": _range(p.pole_mem),
                "threshold": _range(p.threshold),
                "reset": p.reset,
                "refractory": p.refractory_ticks,
            }
            for p in network.populations
        ],
        "projections": [
            {
                "name": p.name,
                "synapses": p.synapses,
                "weight": _range(p.weight),
                "delay": _range(p.delay_ticks),
                "bias": _range(p.bias),
                "from tick": p.bias_from_tick,
            }
            for p in network.projections
        ],
        "readouts": [
            *({"name": r.name, "of": r.population, "by": "count"} for r in network.readouts),
            *({"name": r.name, "of": r.population, "by": r.decide} for r in network.host_readouts),
        ],
        "notes": list(model.network_notes),
    }


def _range(values: Any) -> list[float]:
    """The value where it is one for all, else the least and the greatest."""
    return sorted({float(values.min()), float(values.max())}) if values.size else []


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " .. ".join(f"{number:.6g}" for number in value)  # pyright: ignore[reportUnknownArgumentType]
    return f"{value:,}" if isinstance(value, int) else str(value)
