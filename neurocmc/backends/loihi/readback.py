"""Reads an emitted program back and steps it, from its files alone: what was written is what was meant.

The tables at the top of run.py (read as literals, never executed), network.npz and a stimulus are all this looks at;
only the arithmetic of a tick is shared with the reference interpreter. It is no substitute for Lava, which runs the
same files in an interpreter of its own where there is one; it needs nothing and so always runs.
"""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from neurocmc.backends.files import NETWORK_FILE, RUN_FILE
from neurocmc.common.arrays import Bool, Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import read_npz
from neurocmc.common.opening import PROGRAM, read_bytes
from neurocmc.ir.loihi.network import StepRule
from neurocmc.sim.loihi.reference import Neurons, step
from neurocmc.sim.loihi.registers import shift


@dataclass(frozen=True, slots=True, eq=False)
class _Program:
    """The tables of run.py and the arrays beside it."""

    groups: tuple[tuple[str, int, str, int], ...]  # key, exponent, sign mode, delay
    inputs: tuple[tuple[str, int, str, int], ...]  # key, exponent, sign mode, payload bits
    arrays: dict[str, Any]

    @property
    def neurons(self) -> int:
        return self.arrays["neuron.decay_u"].size

    @property
    def first(self) -> Int:
        """(units + 1,) where the neurons of each unit begin; in programs of old each neuron is a unit."""
        return self.arrays.get("unit.first", np.arange(self.neurons + 1))

    def weights(self, key: str, columns: int) -> Any:
        """Returns (units, columns) mantissas."""
        entries = (self.arrays[f"{key}.target"], self.arrays[f"{key}.source"])
        mantissa = self.arrays[f"{key}.mantissa"].astype(np.int64)
        return sparse.csr_matrix((mantissa, entries), shape=(self.first.size - 1, columns))


def run_emitted(directory: Path, stimulus: str, trial: int, rule: StepRule) -> Bool:
    """Returns (ticks, neurons) spikes of one trial of `stimulus`, a file in the program's directory.

    Raises InputError where a file is missing or its tables cannot be read.
    """
    program = _read(directory)
    recorded = read_npz(directory / stimulus)
    host = _host(program, recorded, trial)
    return _step(program, host, int(recorded["ticks"]), rule)


def _read(directory: Path) -> _Program:
    path = directory / RUN_FILE
    try:
        tree = ast.parse(read_bytes(path, PROGRAM).decode("utf-8"))
        tables = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id in ("WEIGHT_GROUPS", "INPUTS")
        }
        return _Program(tables["WEIGHT_GROUPS"], tables["INPUTS"], read_npz(directory / NETWORK_FILE))
    except (SyntaxError, ValueError, KeyError) as error:
        raise InputError(
            Problem("program-unreadable", str(path), f"its tables cannot be read: {error}", "compile again")
        ) from None


def _host(program: _Program, stimulus: dict[str, Any], trial: int) -> Int:
    """(ticks, units) what the host adds to the input sum of each tick."""
    total = np.zeros((int(stimulus["ticks"]), program.first.size - 1), dtype=np.int64)
    for key, exponent, _, payload_bits in program.inputs:
        axons = int(program.arrays[f"{key}.axons"])
        if payload_bits:
            arriving = stimulus[f"{key}.payload"][trial].astype(np.int64)
        else:
            arriving = np.unpackbits(stimulus[f"{key}.bits"][trial], axis=-1, count=axons).astype(np.int64)
        total += shift(program.weights(key, axons).dot(arriving.T).T, exponent)
    return total


def _step(program: _Program, host: Int, ticks: int, rule: StepRule) -> Bool:
    arrays = {key: value.astype(np.int64) for key, value in program.arrays.items() if key.startswith("neuron.")}
    neurons = Neurons(
        decay_u=arrays["neuron.decay_u"],
        decay_v=arrays["neuron.decay_v"],
        threshold=rule.threshold_lsb(arrays["neuron.threshold_mantissa"]),
        bias=arrays["neuron.bias_mantissa"] << arrays["neuron.bias_exponent"],
        u_initial=arrays["neuron.u_initial"],
        v_initial=arrays["neuron.v_initial"],
    )
    refractory = arrays.get("neuron.refractory_ticks", np.ones(program.neurons, dtype=np.int64))
    waiting = np.zeros(program.neurons, dtype=np.int64)
    units = program.first.size - 1
    weights = [(program.weights(key, units), e, delay) for key, e, _, delay in program.groups]
    unit, sent_by_unit = np.repeat(np.arange(units), np.diff(program.first)), np.zeros((ticks, units), dtype=np.int64)
    u, v = neurons.u_initial, neurons.v_initial
    spikes = np.zeros((ticks, program.neurons), dtype=np.bool_)
    for tick in range(ticks):
        arriving = host[tick].copy()
        for matrix, exponent, delay in weights:
            sent = tick - rule.spike_delay_ticks - delay
            if sent >= 0:
                arriving += shift(matrix.dot(sent_by_unit[sent]), exponent)
        u, v, spikes[tick] = step(u, v, arriving[unit], neurons, rule, waiting > 0)
        sent_by_unit[tick] = np.add.reduceat(spikes[tick], program.first[:-1], dtype=np.int64)
        waiting = np.where(spikes[tick], refractory - 1, np.maximum(waiting - 1, 0))
    return spikes
