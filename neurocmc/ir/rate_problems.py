"""Finds what is wrong with a RateCircuit: names, shapes, numbers that are none, time constants, windows."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from neurocmc.common.errors import Problem
from neurocmc.common.matrices import FloatMatrix, entries, values
from neurocmc.common.ticks import not_whole
from neurocmc.ir.magnitudes import Numbers, magnitude_problems
from neurocmc.ir.rate import Classifier, RateCircuit, RatePopulation, RateProjection, Readout


def rate_problems(circuit: RateCircuit) -> Iterable[Problem]:
    """Yields all faults of the circuit at once: names, shapes, signs, NaNs, kernels."""
    if not circuit.dt_s > 0:
        yield Problem("time-not-positive", "circuit", f"dt is {circuit.dt_s} s", "give a step above 0 s")
    if not circuit.populations:
        yield Problem("level-empty", "circuit", "it has no population", "add at least one")
    yield from _repeated_names(circuit)
    sizes = {population.name: population.size for population in circuit.populations}
    for population in circuit.populations:
        yield from _population_problems(population)
    for projection in circuit.projections:
        where = f"projection {projection.name}"
        yield from _endpoint_problems(where, projection.target, projection.source, projection.weight, sizes)
        yield from _kernel_problems(where, projection)
    for entry in circuit.inputs:
        where = f"input {entry.name}"
        yield from _endpoint_problems(where, entry.target, None, entry.weight, sizes)
        if not entry.tau_s >= 0:
            yield Problem(
                "tau-out-of-range",
                where,
                f"tau is {entry.tau_s} s",
                "use 0 for an unfiltered input, or a positive time",
            )
    for readout in circuit.readouts:
        yield from _readout_problems(readout, sizes)
        yield from _window_problems(readout, circuit.dt_s)
    for classifier in circuit.classifiers:
        yield from _classifier_problems(classifier, sizes)
        yield from _window_problems(classifier, circuit.dt_s)
    yield from magnitude_problems(_numbers(circuit))


def _kernel_problems(where: str, projection: RateProjection) -> Iterable[Problem]:
    if not projection.tau_s >= 0:
        cure = "use a positive time, or 0 for a kernel that acts only in the next step"
        yield Problem("tau-out-of-range", where, f"tau is {projection.tau_s} s", cure)
    if projection.tau_s == 0 and projection.order != 1:
        cure = "use order 1; for one more step use a delay of one step"
        yield Problem("tau-out-of-range", where, "a kernel of order 2 has a tau of 0", cure)
    if projection.delay_ticks < 0:
        yield Problem("delay-negative", where, f"delay is {projection.delay_ticks} steps", "give 0 or more")
    if not np.isfinite(projection.dc_gain):
        yield Problem("value-not-finite", where, f"DC gain is {projection.dc_gain}", "give a finite gain")


def _numbers(circuit: RateCircuit) -> Iterable[Numbers]:
    """All numbers that are multiplied with one another when the circuit runs, or when theory looks at it."""
    yield "circuit", "dt", circuit.dt_s, True
    for population in circuit.populations:
        where = f"population {population.name}"
        for field in ("offset", "bias", "initial", "floor", "top"):
            yield where, field, getattr(population, field), False
        for field in ("gain", "saturation", "trace_tau_s", "observe_tau_s"):
            yield where, field.removesuffix("_s").replace("_", " "), getattr(population, field), True
    for entry in (*circuit.projections, *circuit.inputs):
        where = f"{'projection' if isinstance(entry, RateProjection) else 'input'} {entry.name}"
        yield where, "weight", values(entry.weight), False
        yield where, "tau", entry.tau_s, True
        yield where, "DC gain", getattr(entry, "dc_gain", 1.0), False
    for classifier in circuit.classifiers:
        for layer in classifier.layers:
            yield f"readout {classifier.name}", "weight", layer.weight, False
            yield f"readout {classifier.name}", "bias", layer.bias, False


def _repeated_names(circuit: RateCircuit) -> Iterable[Problem]:
    for kind, items in (
        ("population", circuit.populations),
        ("projection", circuit.projections),
        ("input", circuit.inputs),
        ("readout", (*circuit.readouts, *circuit.classifiers)),
    ):
        for name, count in sorted(Counter(item.name for item in items).items()):
            if count > 1:
                yield Problem(
                    "name-twice", f"{kind} {name}", f"the name occurs {count} times", "give each its own name"
                )


def _population_problems(population: RatePopulation) -> Iterable[Problem]:
    where = f"population {population.name}"
    for field in ("gain", "offset", "bias", "initial"):
        values = getattr(population, field)
        if not np.isfinite(values).all():
            bad = np.flatnonzero(~np.isfinite(values))
            yield Problem(
                "value-not-finite",
                where,
                f"{field} is not finite at unit {bad[0]} ({values[bad[0]]})",
                "retrain, or repair the value",
            )
    if not (population.gain > 0).all():
        yield Problem(
            "transfer-out-of-range",
            where,
            "gain is not above 0 everywhere",
            "a transfer function must rise with its drive",
        )
    if not population.saturation > 0:
        yield Problem("transfer-out-of-range", where, f"saturation is {population.saturation}", "it must be above 0")
    if population.transfer == "sigmoid" and not np.isfinite(population.saturation):
        yield Problem(
            "transfer-out-of-range", where, "a sigmoid needs a finite saturation", "give its upper limit, usually 1"
        )
    if not population.floor < population.top:
        yield Problem(
            "transfer-out-of-range",
            where,
            f"floor {population.floor} is not below top {population.top}",
            "put them in order",
        )
    for segments in population.segments:
        yield from segments.problems(where, population.size)
    for called, tau_s in (("trace tau", population.trace_tau_s), ("observe tau", population.observe_tau_s)):
        if not 0 <= tau_s < np.inf:
            yield Problem("tau-out-of-range", where, f"{called} is {tau_s} s", "use 0 or a positive time")


def _endpoint_problems(
    where: str, target: str, source: str | None, weight: FloatMatrix, sizes: dict[str, int]
) -> Iterable[Problem]:
    for role, name, axis in (("target", target, 0), ("source", source, 1)):
        if name is None:
            continue
        if name not in sizes:
            yield Problem(
                "population-unknown",
                where,
                f"{role} population {name!r} does not exist",
                f"populations are: {', '.join(sizes) or 'none'}",
            )
        elif weight.shape[axis] != sizes[name]:
            yield Problem(
                "level-array-shape",
                where,
                f"weight has shape {weight.shape}, but {role} {name} has {sizes[name]} units",
                "weights are (target units x source units)",
            )
    if not np.isfinite(values(weight)).all():
        rows, columns, found = entries(weight)
        row, column = next((r, c) for r, c, value in zip(rows, columns, found, strict=True) if not np.isfinite(value))
        yield Problem(
            "value-not-finite",
            where,
            f"weight[{row}, {column}] is {weight[row, column]}",
            "retrain, or repair the value",
        )


def _readout_problems(readout: Readout, sizes: dict[str, int]) -> Iterable[Problem]:
    where = f"readout {readout.name}"
    if readout.population not in sizes:
        yield Problem(
            "population-unknown",
            where,
            f"population {readout.population!r} does not exist",
            f"populations are: {', '.join(sizes)}",
        )
    elif readout.labels and len(readout.labels) != sizes[readout.population]:
        yield Problem(
            "labels-count",
            where,
            f"{len(readout.labels)} labels for {sizes[readout.population]} units",
            "give one label per unit, or none",
        )


def _classifier_problems(classifier: Classifier, sizes: dict[str, int]) -> Iterable[Problem]:
    where = f"readout {classifier.name}"
    if unknown := [name for name in classifier.populations if name not in sizes]:
        yield Problem(
            "population-unknown",
            where,
            f"population {unknown[0]!r} does not exist",
            f"populations are: {', '.join(sizes)}",
        )
        return
    if not classifier.layers:
        yield Problem("level-empty", where, "it has no layer", "give at least one")
        return
    width = sum(sizes[name] for name in classifier.populations)
    for index, layer in enumerate(classifier.layers):
        if layer.weight.shape[1] != width:
            what = f"layer {index} takes {layer.weight.shape[1]} values, {width} come in"
            yield Problem(
                "level-array-shape",
                where,
                what,
                "layers are (outputs x inputs), from the populations' units to the classes",
            )
        if not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
            yield Problem(
                "value-not-finite", where, f"layer {index} holds NaN or infinity", "retrain, or repair the values"
            )
        width = layer.weight.shape[0]
    if classifier.labels and len(classifier.labels) != width:
        yield Problem(
            "labels-count", where, f"{len(classifier.labels)} labels for {width} classes", "give one a class, or none"
        )


def _window_problems(readout: Readout | Classifier, dt_s: float) -> Iterable[Problem]:
    where = f"readout {readout.name}"
    if not readout.window_s > 0:
        yield Problem("time-not-positive", where, f"window is {readout.window_s} s", "give a positive time")
    elif dt_s > 0 and (fault := not_whole(readout.window_s, dt_s)):
        yield Problem("time-off-grid", where, f"window: {fault[0]}", fault[1])
