"""Runs one pack of generated networks on stock Lava; started as a script by an interpreter that has lava-nc.

    python lava_driver.py pack.npz out.npz

All networks of the pack stand side by side in one LIF process, their connections block by block in one process for
each kind of synapse: Lava gives every process an operating-system process, so this is what two hundred networks
cost little in. out.npz holds u, v and spikes, (ticks, neurons), after every tick. Python 3.10, numpy, scipy, Lava;
nothing of neurocmc. Give it an outer time limit: an exception inside a process model blocks run() for ever.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
from scipy import sparse


def let_newer_python_import_lava():
    """Make the one class hashable that Python 3.11 refuses as a default; see the head of an emitted run.py."""
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


if sys.version_info >= (3, 11):  # noqa: UP036 - the driver also runs on 3.10
    let_newer_python_import_lava()

from lava.magma.core.run_conditions import RunSteps  # noqa: E402
from lava.magma.core.run_configs import Loihi1SimCfg  # noqa: E402
from lava.proc.dense.process import DelayDense, Dense  # noqa: E402
from lava.proc.io.source import RingBuffer  # noqa: E402
from lava.proc.lif.models import PyLifModelBitAcc  # noqa: E402
from lava.proc.lif.process import LIF  # noqa: E402
from lava.proc.sparse.process import DelaySparse, Sparse  # noqa: E402
from lava.utils.weightutils import SignMode  # noqa: E402

PROCESSES = {"Sparse": Sparse, "Dense": Dense, "DelaySparse": DelaySparse, "DelayDense": DelayDense}


class RecordingLif(PyLifModelBitAcc):
    """Lava's bit-accurate LIF, which keeps its state of every step and writes it in the last one."""

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.ticks, self.out = proc_params["ticks"], proc_params["out"]
        self.kept = {"u": [], "v": [], "spikes": []}

    def run_spk(self):
        super().run_spk()
        self.kept["u"].append(self.u.copy())
        self.kept["v"].append(self.v.copy())
        self.kept["spikes"].append(np.asarray(self.s_out_buff, dtype=bool))
        if len(self.kept["u"]) == self.ticks:
            part = self.out.with_suffix(".part.npz")
            np.savez(part, **{name: np.stack(rows) for name, rows in self.kept.items()})
            part.replace(self.out)


def connect(pack, key, lif):
    """One connection process, fed by the neurons, or by a RingBuffer whose row t is sent in tick t."""
    kind = pack[f"{key}.process"].item()
    weights, delays = pack[f"{key}.weights"], pack[f"{key}.delays"]
    options = {
        "weight_exp": pack[f"{key}.exponent"].item(),
        "num_weight_bits": pack[f"{key}.weight_bits"].item(),
        "num_message_bits": pack[f"{key}.message_bits"].item(),
    }
    if sign := pack[f"{key}.sign"].item():
        options["sign_mode"] = SignMode[sign.upper()]
    if kind.endswith("Sparse"):
        weights, delays = sparse.csr_matrix(weights), sparse.csr_matrix(delays)
    if kind.startswith("Delay"):
        options.update(delays=delays.astype(int), max_delay=pack[f"{key}.longest_delay"].item())
    synapses = PROCESSES[kind](weights=weights, **options)
    source = lif
    if f"{key}.host" in pack:
        source = RingBuffer(data=np.ascontiguousarray(pack[f"{key}.host"].T))
    source.s_out.connect(synapses.s_in)
    synapses.a_out.connect(lif.a_in)


def main():
    with np.load(sys.argv[1]) as file:
        pack = dict(file)
    ticks = pack["ticks"].item()
    registers = {name: pack[f"lif.{name}"] for name in ("du", "dv", "vth", "bias_mant", "bias_exp", "u", "v")}
    lif = LIF(shape=registers["du"].shape, ticks=ticks, out=Path(sys.argv[2]).resolve(), **registers)
    for key in pack["kinds"]:
        connect(pack, key, lif)
    config = Loihi1SimCfg(select_tag="fixed_pt", exception_proc_model_map={LIF: RecordingLif})
    try:
        lif.run(condition=RunSteps(num_steps=ticks), run_cfg=config)
    finally:
        lif.stop()  # without it the interpreter never ends


if __name__ == "__main__":
    main()
