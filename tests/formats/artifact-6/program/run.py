"""A spiking network as a Lava program, bit-accurate with Loihi's fixed-point arithmetic. Written by neurocmc.

    python run.py --steps 500 --stimulus stimulus-s.npz --trial 0 --out spikes.npz [--record-voltage]
    python run.py --stimulus stimulus-s.npz --trial 0 1 2 3 --out spikes.npz --progress

needs nothing but lava-nc 0.10.0 (with numpy and scipy, which it brings). All numbers are in network.npz beside this
file. All neurons stand in one row, population by population, unit by unit, in one LIF process; each group of
weights that shares an exponent, a delay and a sign mode is one Sparse process, because Loihi shifts the sum of a
group, not each weight; each input is a RingBuffer of spikes from the host and a Sparse process of its input axons.
Several trials run side by side, each on a copy of the network in the same few processes.

spikes.npz holds trial, tick and neuron of every spike, and with --record-voltage also u and v, (trials, steps,
neurons), after each tick. A process model that fails inside Lava blocks run() for ever: give an outer time limit
(`timeout 600 python ...`).
"""

import argparse
import dataclasses
import os
import sys
from pathlib import Path

import numpy as np
from scipy import sparse

NAME = "chain"
TICK_S = 0.001

# name, units, neurons per unit
POPULATIONS = (
    ("a", 2, 4),
    ("b", 1, 4),
)
NEURONS = 12

# key in network.npz, weight exponent, sign mode, delay [ticks] beyond the one that every spike takes
WEIGHT_GROUPS = (
    # a->b
    ("weights.excitatory_e0_d0_r0", 0, "excitatory", 0),
)

# key in network.npz and in a stimulus, weight exponent, sign mode, payload bits of its spikes (0: they carry none)
INPUTS = (
    # drive
    ("input.0", 7, "mixed", 0),
)


def let_newer_python_import_lava():
    """Lava 0.10.0 gives dataclass fields an unhashable default, which Python 3.11 refuses; make that class hashable.

    Only lava.magma.compiler.var_model.ByteEncoder is touched, in memory, while that one module is imported.
    """
    if sys.version_info < (3, 11):
        return
    plain = dataclasses.dataclass

    def dataclass(cls=None, /, **options):
        if getattr(cls, "__module__", "") == "lava.magma.compiler.var_model" and cls.__name__ == "ByteEncoder":
            options["unsafe_hash"] = True
        return plain(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        import lava.magma.compiler.var_model  # noqa: F401
    finally:
        dataclasses.dataclass = plain


let_newer_python_import_lava()

from lava.magma.core.run_conditions import RunSteps  # noqa: E402
from lava.magma.core.run_configs import Loihi1SimCfg  # noqa: E402
from lava.proc.io.source import RingBuffer  # noqa: E402
from lava.proc.lif.models import PyLifModelBitAcc  # noqa: E402
from lava.proc.lif.process import LIF  # noqa: E402
from lava.proc.sparse.models import PyDelaySparseModelBitAcc  # noqa: E402
from lava.proc.sparse.process import DelaySparse, Sparse  # noqa: E402
from lava.utils.weightutils import SignMode  # noqa: E402

SIGN_MODES = {"excitatory": SignMode.EXCITATORY, "inhibitory": SignMode.INHIBITORY, "mixed": SignMode.MIXED}


class RecordingLif(PyLifModelBitAcc):
    """Lava's bit-accurate LIF, which also keeps its spikes and writes them in the last step.

    Reading a variable of a running process moves some 40,000 values a second; this costs nearly nothing.
    """

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.steps = proc_params["steps"]
        self.trials = proc_params["trials"]
        self.out = proc_params["out"]
        self.record_voltage = proc_params["record_voltage"]
        self.told_every = max(self.steps // 100, 1) if proc_params["progress"] else 0
        self.ticks, self.neurons, self.currents, self.voltages = [], [], [], []

    def run_spk(self):
        super().run_spk()
        neurons = np.flatnonzero(self.s_out_buff)
        self.neurons.append(neurons)
        self.ticks.append(np.full(neurons.size, len(self.ticks)))
        if self.record_voltage:
            self.currents.append(self.u.copy())
            self.voltages.append(self.v.copy())
        if self.told_every and len(self.ticks) % self.told_every == 0:
            print(f"tick {len(self.ticks)} of {self.steps}", file=sys.stderr, flush=True)
        if len(self.ticks) == self.steps:
            self.save()

    def save(self):
        copy, neuron = np.divmod(np.concatenate(self.neurons), NEURONS)
        recorded = {"trial": np.array(self.trials)[copy], "tick": np.concatenate(self.ticks), "neuron": neuron}
        recorded = {name: value.astype(np.int32) for name, value in recorded.items()}
        if self.record_voltage:
            shape = (self.steps, len(self.trials), NEURONS)
            for name, rows in (("u", self.currents), ("v", self.voltages)):
                recorded[name] = np.stack(rows).reshape(shape).swapaxes(0, 1)
        with open(self.out + ".part", "wb") as file:
            np.savez_compressed(file, **recorded)
        os.replace(self.out + ".part", self.out)


class DelaySparseOnce(PyDelaySparseModelBitAcc):
    """Lava's DelaySparse, which sorts its weights by delay once instead of in every step."""

    def get_delay_wgts_mat(self, weights, delays, max_delay):
        if not hasattr(self, "sorted_weights"):
            sorted_weights = PyDelaySparseModelBitAcc.get_delay_wgts_mat(weights, delays, max_delay)
            self.sorted_weights = sparse.csr_matrix(sorted_weights)
        return self.sorted_weights


def load_weights(network, key, copies):
    """(neurons, columns) mantissas of one group or input, rows are targets: a block on the diagonal for each copy.

    They are stored for pairs of units, or for an axon and a unit: every neuron of a unit has the same synapses.
    """
    first = network["unit.first"]
    unit = np.repeat(np.arange(first.size - 1), np.diff(first))  # of each neuron
    columns = network[f"{key}.axons"].item() if f"{key}.axons" in network else first.size - 1
    entries = (network[f"{key}.target"], network[f"{key}.source"])
    shape = (first.size - 1, columns)
    one = sparse.csr_matrix((network[f"{key}.mantissa"].astype(np.int32), entries), shape=shape)[unit]
    one = one if f"{key}.axons" in network else one[:, unit]
    return sparse.block_diag([one] * copies, format="csr", dtype=np.int32)


def make_neurons(network, arguments):
    """The LIF process: decays, thresholds and biases are a neuron's own."""
    copies = len(arguments.trial)
    names = {
        "du": "decay_u",
        "dv": "decay_v",
        "vth": "threshold_mantissa",
        "bias_mant": "bias_mantissa",
        "bias_exp": "bias_exponent",
        "u": "u_initial",
        "v": "v_initial",
    }
    registers = {register: np.tile(network[f"neuron.{name}"], copies) for register, name in names.items()}
    return LIF(
        shape=(copies * NEURONS,),
        **registers,
        steps=arguments.steps,
        trials=arguments.trial,
        out=str(arguments.out.resolve()),
        record_voltage=arguments.record_voltage,
        progress=arguments.progress,
    )


def connect_group(network, lif, copies, key, exponent, sign, delay):
    """Recurrent weights: a spike of tick t arrives in tick t + 1 + delay."""
    weights = load_weights(network, key, copies)
    options = {"weight_exp": exponent, "sign_mode": SIGN_MODES[sign], "num_weight_bits": 8}
    if delay:
        delays = weights.copy()
        delays.data = np.full_like(delays.data, delay, dtype=int)
        synapses = DelaySparse(weights=weights, delays=delays, max_delay=delay, **options)
    else:
        synapses = Sparse(weights=weights, **options)
    lif.s_out.connect(synapses.s_in)
    synapses.a_out.connect(lif.a_in)


def connect_input(network, stimulus, lif, arguments, key, exponent, sign, payload_bits):
    """Host spikes through input axons; column t of the stimulus is what arrives in tick t.

    A spike is sent one tick before it arrives, so those for the first tick are under way when the run begins.
    """
    axons = network[f"{key}.axons"].item()
    if payload_bits:
        values = stimulus[f"{key}.payload"][arguments.trial, : arguments.steps]
    else:
        values = np.unpackbits(stimulus[f"{key}.bits"][arguments.trial, : arguments.steps], axis=-1, count=axons)
    arriving = np.concatenate(values.astype(np.int32), axis=1)  # (steps, axons of all copies)
    sent = np.vstack([arriving[1:], np.zeros_like(arriving[:1])])
    source = RingBuffer(data=np.ascontiguousarray(sent.T))
    weights = load_weights(network, key, len(arguments.trial))
    synapses = Sparse(
        weights=weights,
        weight_exp=exponent,
        sign_mode=SIGN_MODES[sign],
        num_weight_bits=8,
        num_message_bits=payload_bits,
    )
    synapses.a_buff.init = np.left_shift(weights.dot(arriving[0]), exponent)
    source.s_out.connect(synapses.s_in)
    synapses.a_out.connect(lif.a_in)


def parse_arguments(here):
    parser = argparse.ArgumentParser(description=f"Run {NAME} on Lava, bit-accurate with Loihi.")
    parser.add_argument("--steps", type=int, help="ticks to run (default: the whole stimulus)")
    parser.add_argument("--stimulus", type=Path, default=here / "stimulus-s.npz")
    parser.add_argument("--trial", type=int, nargs="+", default=[0], help="trials of the stimulus (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("spikes.npz"), help="where the spikes go")
    parser.add_argument("--record-voltage", action="store_true", help="also write u and v of every neuron and tick")
    parser.add_argument("--progress", action="store_true", help="count ticks on standard error")
    arguments = parser.parse_args()
    with np.load(arguments.stimulus) as file:
        stimulus = dict(file)
    ticks, trials = stimulus["ticks"].item(), stimulus["trials"].item()
    if not arguments.out.resolve().parent.is_dir():
        parser.error(f"--out {arguments.out}: its folder is not there")
    arguments.steps = ticks if arguments.steps is None else arguments.steps
    if not 1 <= arguments.steps <= ticks:
        parser.error(f"--steps {arguments.steps}: {arguments.stimulus} has 1 to {ticks} ticks")
    for trial in arguments.trial:
        if not 0 <= trial < trials:
            parser.error(f"--trial {trial}: {arguments.stimulus} has trials 0 to {trials - 1}")
    return arguments, stimulus


def main():
    here = Path(__file__).resolve().parent
    arguments, stimulus = parse_arguments(here)
    with np.load(here / "network.npz") as file:
        network = dict(file)
    lif = make_neurons(network, arguments)
    for group in WEIGHT_GROUPS:
        connect_group(network, lif, len(arguments.trial), *group)
    for entry in INPUTS:
        connect_input(network, stimulus, lif, arguments, *entry)
    models = {LIF: RecordingLif, DelaySparse: DelaySparseOnce}
    try:
        config = Loihi1SimCfg(select_tag="fixed_pt", exception_proc_model_map=models)
        lif.run(condition=RunSteps(num_steps=arguments.steps), run_cfg=config)
    finally:
        lif.stop()  # without it the interpreter never ends
    with np.load(arguments.out) as recorded:
        spikes = recorded["tick"].size
    size = f"{NEURONS} neurons" if len(arguments.trial) == 1 else f"{len(arguments.trial)} times {NEURONS} neurons"
    duration = f"{arguments.steps} ticks ({arguments.steps * TICK_S:g} s)"
    print(f"{NAME}: {size}, {duration}, {spikes} spikes -> {arguments.out}")


if __name__ == "__main__":
    main()
