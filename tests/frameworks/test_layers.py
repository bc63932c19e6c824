"""Single layers of snnTorch and Norse under each of their rules, on random spikes: ours has every one of them.

What stands in the table below is what their sources compute, not what their documentation says: snnTorch's Leaky
resets to zero at once whether told to wait or not, its other layers hold the voltage at 0 for a tick; RSynaptic can
only wait; Norse resets IF and LIF to zero whatever it is told, and takes r of neither.
"""

from typing import Any

import numpy as np
import pytest

from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.semantics import Semantics, Update
from tests.frameworks.by_hand import network, population, projection
from tests.frameworks.runs import Record, differing, driven, record, simulated

LATE_ZERO = {"reset": "zero", "refractory_ticks": 2}
RULES: dict[str, dict[str, Any]] = {
    "zero.now": {"reset": "zero"},
    "zero.late": LATE_ZERO,
    "subtract.now": {"reset": "subtract", "rest_kept": True},
    "subtract.late": {"reset": "subtract", "reset_late": True},
    "none.now": {"reset": "none"},
    "none.late": {"reset": "none"},
}
SNNTORCH = [
    f"{kind}.{rule}"
    for kind in ("Leaky", "Synaptic", "RLeaky", "RSynaptic")
    for rule in RULES
    if kind != "RSynaptic" or rule.endswith("late")
]
NORSE = [f"norse.{kind}.{reset}" for kind in ("IF", "LIF", "CubaLIF") for reset in ("zero", "subtract")]


def layer(arrays: Record, update: Update, loop: bool, fields: dict[str, Any]) -> NeuronNetwork:
    semantics = Semantics(name="layer", dt_s=1e-3, decay="linear", update=update, precision="float32")
    projections = [projection("input", "layer", arrays["weight"], arrays["bias"])]
    if loop:
        projections.append(projection("layer", "layer", arrays["loop"], arrays["loop_bias"], delay_ticks=1))
    units = len(arrays["weight"])
    own = population("layer", units, threshold=arrays["threshold"], **fields)
    return network(semantics, (own,), tuple(projections), arrays["weight"].shape[1])


def share(tau: Any) -> Any:
    """How far Norse goes in a tick, in its precision."""
    return (np.float32(1e-3) * (np.float32(1) / tau)).astype(np.float64)


@pytest.mark.parametrize("name", SNNTORCH)
def test_snntorch(name: str) -> None:
    arrays = record(driven("layers_driver") / "layers.npz")
    kind, rule = name.split(".", 1)
    fields = {"pole_mem": arrays["beta"], **RULES["zero.now" if name == "Leaky.zero.late" else rule]}
    if "Synaptic" in kind:
        fields["pole_syn"] = arrays["alpha"]
    ours = simulated(layer(arrays, "pole", kind.startswith("R"), fields), arrays)
    assert ours.total > 1000
    assert differing(ours, arrays, {"layer": name}) == {"layer": 0}


@pytest.mark.parametrize("name", NORSE)
def test_norse(name: str) -> None:
    arrays = record(driven("layers_driver") / "layers.npz")
    _, kind, reset = name.split(".")
    fields: dict[str, Any] = {"reset": reset if kind == "CubaLIF" else "zero"}
    mem, syn = share(arrays["tau_mem"]), share(arrays["tau_syn"])
    if kind != "IF":
        fields |= {"pole_mem": 1 - mem, "gain_mem": mem * (arrays["r"] if kind == "CubaLIF" else 1)}
    if kind == "CubaLIF":
        fields |= {"pole_syn": 1 - syn, "gain_syn": syn * arrays["w_in"]}
    ours = simulated(layer(arrays, "euler", False, fields), arrays)
    assert ours.total > 1000
    assert differing(ours, arrays, {"layer": name}) == {"layer": 0}
