"""Lava's bit-accurate CPU models on networks given in integers. Runs in the environment of tests/lava_environment.py.

Two processes, the fewest there can be: one LIF of all neurons, one Sparse of all synapses, or Dense where the matrix
is full, which is the faster of the two there. The LIF model also counts its spikes, in memory that its process
shares with this one.
"""

import dataclasses
import multiprocessing
import platform
from importlib.metadata import version

import numpy as np
from peer_io import CHECK_TICKS, clocked, run_all
from scipy import sparse


def let_newer_python_import_lava():
    """Lava 0.10.0 gives dataclass fields an unhashable default, which Python 3.11 refuses; make it hashable."""
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
from lava.proc.dense.process import Dense  # noqa: E402
from lava.proc.lif.models import PyLifModelBitAcc  # noqa: E402
from lava.proc.lif.process import LIF  # noqa: E402
from lava.proc.sparse.process import Sparse  # noqa: E402
from lava.utils.weightutils import SignMode  # noqa: E402

FIRED = multiprocessing.RawValue("q", 0)


class CountingLif(PyLifModelBitAcc):
    """Lava's bit-accurate LIF, which also counts its spikes."""

    def spiking_activation(self):
        spikes = super().spiking_activation()
        FIRED.value += int(np.count_nonzero(spikes))
        return spikes


def build(network):
    neurons = network["v_initial"].size
    lif = LIF(
        shape=(neurons,),
        du=int(network["decay_u"]),
        dv=int(network["decay_v"]),
        vth=int(network["threshold_mantissa"]),
        bias_mant=network["bias_mantissa"],
        bias_exp=int(network["bias_exponent"]),
        v=network["v_initial"],
    )
    entries = (network["mantissa"].astype(np.int32), (network["target"], network["source"]))
    weights = sparse.csr_matrix(entries, shape=(neurons, neurons))
    options = {"weight_exp": 0, "sign_mode": SignMode.MIXED, "num_weight_bits": 8}
    synapses = Dense(weights=weights.toarray(), **options) if network["full"] else Sparse(weights=weights, **options)
    lif.s_out.connect(synapses.s_in)
    synapses.a_out.connect(lif.a_in)
    return lif


def run_one(network, measured):
    FIRED.value = 0
    lif = build(network)
    config = Loihi1SimCfg(select_tag="fixed_pt", exception_proc_model_map={LIF: CountingLif})

    def run(ticks):
        lif.run(condition=RunSteps(num_steps=ticks), run_cfg=config)

    try:
        run(CHECK_TICKS)
        voltage = lif.v.get()
        return voltage, measured(clocked(run), lambda: FIRED.value)
    finally:
        lif.stop()  # without it the interpreter never ends


if __name__ == "__main__":
    names = ("lava-nc", "numpy", "scipy")
    run_all(run_one, {"python": platform.python_version()} | {name: version(name) for name in names})
