"""`neurocmc inspect`: what a model is before it is compiled: populations, projections, numbers, checks."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocmc.cli import complete
from neurocmc.cli.certificates import tell_certificate
from neurocmc.cli.neurons import inspect_spiking, is_spiking, refuse_given
from neurocmc.cli.options import Deciding, Dt, Images, Json, Reset, Semantics
from neurocmc.cli.output import grid, say, say_json, show

if TYPE_CHECKING:
    from neurocmc.common.arrays import Float
    from neurocmc.ir.rate import RateCircuit
    from neurocmc.pipeline.model import Model

EXAMPLES = (
    "neurocmc inspect swta-digits",
    "neurocmc inspect circuit.yaml --json",
    "neurocmc inspect net.nir --semantics norse --dt 1e-3",
)


def inspect(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A name that `neurocmc models` lists, or a file: checkpoint (.pt), circuit (.circuit.npz, .yaml) or "
            "spiking network (.nir).",
            autocompletion=complete.models,
        ),
    ],
    images: Images = None,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity",
            help="Measure on the calibration stimuli how much an error of each population's activity would cost.",
        ),
    ] = False,
    semantics: Semantics = None,
    dt: Dt = None,
    reset: Reset = None,
    decide: Deciding = None,
    as_json: Json = False,
) -> None:
    """Show the populations, projections, inputs, readouts and parameters of a model, and check it."""
    from neurocmc.pipeline.bundled import found_model

    model = found_model(model)
    if is_spiking(model):
        refuse_given({"--images": images, "--sensitivity": sensitivity or None}, "rate circuits")
        inspect_spiking(model, (semantics, dt, reset, decide), as_json=as_json)
        return
    own = {"--semantics": semantics, "--dt": dt, "--reset": reset, "--decide": decide}
    refuse_given(own, "networks of spiking neurons (.nir)")
    from neurocmc.pipeline.certificates import model_certificate
    from neurocmc.pipeline.model import load

    loaded = load(model, images)
    certificate = model_certificate(loaded)
    sections = _sections(loaded.circuit)
    if sensitivity:
        sections["sensitivity"] = _sensitivity(loaded)
    if as_json:
        header = {"model": model, "name": loaded.circuit.name, "dt_s": loaded.circuit.dt_s}
        rest = {
            "on_host": loaded.circuit.on_host,
            "facts": loaded.facts,
            "checks": _checks(loaded),
            "certificate": certificate.as_json(),
        }
        say_json({**header, "origin_sha256": loaded.circuit.origin_sha256, **sections, **rest})
        return
    circuit = loaded.circuit
    say(f"{model}: {circuit.name}, {circuit.units} units, step {1e3 * circuit.dt_s:g} ms")
    say(f"sha256 {circuit.origin_sha256}")
    for title, rows in sections.items():
        if rows:
            show(_table(title, rows))
    for part in circuit.on_host:
        say(f"stays on the host: {part}")
    show(grid("model", ("", "value"), [(name, _written(value)) for name, value in loaded.facts.items()]))
    show(_table("checks", _checks(loaded)))
    tell_certificate(certificate, "--json")


def _sections(circuit: "RateCircuit") -> dict[str, list[dict[str, Any]]]:
    from neurocmc.common.matrices import count, entries  # as below

    return {
        "populations": [
            {
                "name": population.name,
                "units": population.size,
                "transfer": population.transfer,
                "gain": _range(population.gain),
                "threshold": _range(population.offset),
                "bias": _range(population.bias),
                "saturation": population.saturation,
                "tau_ms": 1e3 * population.trace_tau_s,
                "before": _range(population.initial),
            }
            for population in circuit.populations
        ],
        "projections": [
            {
                "name": projection.name,
                "shape": list(projection.weight.shape),
                "nonzero": count(projection.weight),
                "weight": _range(entries(projection.weight)[2]),
                "tau_ms": 1e3 * projection.tau_s,
                "order": projection.order,
                "dc_gain": projection.dc_gain,
            }
            for projection in circuit.projections
        ],
        "inputs": [
            {
                "name": entry.name,
                "to": entry.target,
                "channels": entry.channels,
                "tau_ms": 1e3 * entry.tau_s,
                "order": entry.order,
            }
            for entry in circuit.inputs
        ],
        "readouts": [
            {
                "name": readout.name,
                "kind": readout.kind,
                "population": readout.population,
                "window_ms": 1e3 * readout.window_s,
                "labels": list(readout.labels),
            }
            for readout in circuit.readouts
        ],
        "classifiers": [
            {
                "name": classifier.name,
                "populations": list(classifier.populations),
                "layers": [layer.weight.shape[1] for layer in classifier.layers] + [len(classifier.layers[-1].bias)],
                "window_ms": 1e3 * classifier.window_s,
                "labels": list(classifier.labels),
            }
            for classifier in circuit.classifiers
        ],
    }


def _sensitivity(model: "Model") -> list[dict[str, Any]]:
    """What errors of each population's activity would cost, as shares of all, and where most."""
    from neurocmc.passes.sensitivity import MeasureSensitivity

    found = MeasureSensitivity(model.calibration()).run(model.circuit)
    rows: list[dict[str, Any]] = []
    for population in found.populations:
        tick, unit = population.most
        rows.append(
            {
                "name": population.name,
                "decisions": population.share(population.for_decisions),
                "activity": population.share(population.for_activity),
                "visited": [float(population.low.min()), float(population.high.max())],
                "most in unit": unit,
                "at_ms": 1e3 * tick * model.circuit.dt_s,
            }
        )
    return rows


def _checks(model: "Model") -> list[dict[str, str]]:
    """What was found sound (a fault would have been an error), each with the numbers that say so."""
    from neurocmc.common.matrices import values  # not above: the help waits for no arrays

    circuit = model.circuit
    numbers = sum(values(p.weight).size for p in circuit.projections) + sum(3 * p.size for p in circuit.populations)
    checks = [
        {"check": "file", "found": "whole, of a known format; nothing in it was executed"},
        {"check": "circuit", "found": f"names unique, shapes fit, all {numbers:,} numbers finite"},
    ]
    excitation, bound = model.facts.get("largest excitation"), model.facts.get("stability bound")
    if isinstance(excitation, float) and isinstance(bound, float):
        found = f"self-excitation {excitation:.6g} is below the bound {bound:.6g}"
    else:
        found = "not known in closed form; compile runs the circuit on its calibration stimuli"
    return [*checks, {"check": "stability", "found": found}]


def _range(values: "Float") -> list[float]:
    """The value where it is one for all, else the least and the greatest."""
    return sorted({float(values.min()), float(values.max())}) if values.size else []


def _table(title: str, rows: list[dict[str, Any]]) -> Any:
    columns = {name: name.replace("_ms", " [ms]").replace("_", " ") for name in rows[0]}
    numbers = [columns[name] for name in columns if all(_is_number(row[name]) for row in rows)]
    shown = [[_cell(name, value) for name, value in row.items()] for row in rows]
    return grid(title, list(columns.values()), shown, right=numbers)


def _is_number(value: Any) -> bool:
    """Whether a value is a number, or the range of several."""
    return all(isinstance(part, int | float) for part in (value if isinstance(value, list) else [value]))


def _cell(name: str, value: Any) -> str:
    if isinstance(value, list):
        joint = {"shape": " x ", "labels": " ", "populations": " ", "layers": " -> "}.get(name, " .. ")
        return joint.join(_written(entry) for entry in value)
    return _written(value)


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if isfinite(value) else "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
