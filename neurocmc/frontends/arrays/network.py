"""Holds a recurrent cell with its readout and data, and writes and reads it as one .npz that a person may write too.

    numpy.savez("rnn.npz", W=..., U=..., b=..., activation="tanh", form="filter-after", tau_ms=20.0, dt_ms=1.0,
                calibration=..., test=..., test_labels=..., readout_weight=..., readout_bias=...)

    W               (units, units)      recurrent weights, row = target; or (delays, units, units), of each delay
    U, b            (units, inputs), (units,)   input weights and biases; 0 where left out
    form            text                filter-after | filter-before, see `cell`
    activation      text, or (populations,)     relu | tanh | sigmoid | softplus | linear
    tau_ms          number, or (populations,)   time constants; or `fraction` of a step: 1 for no memory of its own
    dt_ms           number              length of a step; 1 where left out
    saturation      number, or (populations,)   where relu and softplus end
    populations, sizes      (populations,)      names and numbers of units, which stand in this order
    initial         (units,)            h before the first step; 0 where left out
    delay_ms        number, (units, units) or (delays,)     whole steps by which connections act later
    calibration, test       (trials, steps, inputs)     data: gains are matched over one and judged on the other
    calibration_labels, test_labels     (trials,)       right answers
    readout_weight, readout_bias        (classes, units), (classes,)    on the host; further layers are
    readout_weight_2 ...    with rectifiers between them
    classes         (classes,)          names of the answers; window_ms: the mean over so long at the end is read
    name            text

Every key is used, or refused by name.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import raise_input_problems
from neurocmc.common.files import npz_bytes
from neurocmc.frontends.arrays.cell import Cell
from neurocmc.frontends.arrays.circuit import circuit_of, classifier_of, decaying
from neurocmc.ir.rate import HostLayer, RateCircuit, RateInput
from neurocmc.ir.stimulus import Stimulus

CALIBRATION, TEST = "calibration", "test"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Trials of one kind: inputs (trials, steps, m), and right answers (trials,), -1 for none."""

    inputs: Float
    labels: Int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A cell with all that a person brings along; `arrays` is the file that it is written as."""

    name: str
    cell: Cell
    dt_s: float
    layers: tuple[HostLayer, ...]
    labels: tuple[str, ...]
    window_s: float
    data: Mapping[str, Data]
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, str | float] = field(default_factory=dict[str, str | float])

    def content(self) -> bytes:
        """Returns the bytes of the file: the same for the same arrays."""
        return npz_bytes({key: self.arrays[key] for key in sorted(self.arrays)})

    def circuit(self) -> RateCircuit:
        """Returns the circuit. Raises InputError with all that is wrong with it."""
        raise_input_problems(self.cell.problems())
        classifier = None
        if self.layers:
            classifier = classifier_of(self.cell, self.layers, self.labels, self.window_s)
        digest = hashlib.sha256()
        for key in sorted(self.arrays):
            digest.update(key.encode() + np.ascontiguousarray(self.arrays[key]).tobytes())
        circuit = circuit_of(self.cell, self.name, self.dt_s, classifier, digest.hexdigest())
        raise_input_problems(circuit.problems())
        return circuit

    def stimulus(self, name: str, circuit: RateCircuit) -> Stimulus:
        """Returns the trials of one kind, a step of inputs for each step of the circuit.

        Where the filter comes first there is one step more: the circuit's activity is that before a step, and what is
        read is that after the last. A drive that no filter holds acts at once in the circuit, and in the cell after
        the step: it comes a step later.
        """
        data = self.data[name]
        inputs = data.inputs
        if self.cell.form == "filter-before":
            inputs = np.concatenate([inputs, inputs[:, -1:]], axis=1)
        trials, steps, _ = inputs.shape
        starts = decaying(self.cell, steps)
        values: dict[str, Float] = {}
        for entry in circuit.inputs:
            if entry.name in starts:
                values[entry.name] = np.tile(starts[entry.name], (trials, 1, 1))
            elif self._comes_late(entry):
                values[entry.name] = np.concatenate([np.zeros_like(inputs[:, :1]), inputs[:, :-1]], axis=1)
            else:
                values[entry.name] = inputs
        return Stimulus(
            name=name,
            duration_s=steps * self.dt_s,
            edges_s=np.arange(steps) * self.dt_s,
            values=values,
            labels=data.labels,
        )

    def _comes_late(self, entry: RateInput) -> bool:
        """Whether an input of the circuit acts a step earlier than that of the cell."""
        return self.cell.form == "filter-before" and entry.tau_s == 0.0

    def reference(self, circuit: RateCircuit, stimulus: Stimulus) -> dict[str, Float]:
        """Returns what units send, (trials, steps, size) of each population, by the cell's own equations.

        Raises InputError where the stimulus does not fit the circuit.
        """
        raise_input_problems(stimulus.problems(circuit.inputs))
        driven = stimulus.on_ticks(self.dt_s)
        named = next((entry for entry in circuit.inputs if entry.name not in decaying(self.cell, 1)), None)
        shape = (stimulus.batch, len(driven.segment_of_tick), self.cell.inputs)
        inputs = np.zeros(shape) if named is None else driven.values[named.name][:, driven.segment_of_tick]
        if named is not None and self._comes_late(named):
            inputs = np.concatenate([inputs[:, 1:], inputs[:, -1:]], axis=1)
        sent = self.cell.run(inputs)
        sent = sent[:, :-1] if self.cell.form == "filter-before" else sent[:, 1:]
        raised = {p.name: 1.0 if p.activation == "tanh" else 0.0 for p in self.cell.populations}
        return {p.name: sent[..., p.units] + raised[p.name] for p in self.cell.populations}
