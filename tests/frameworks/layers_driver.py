"""Runs single layers of snnTorch and Norse under each of their rules on random spikes, and records their spikes.

    python layers_driver.py FOLDER

writes FOLDER/layers.npz: `input` (trials, ticks, channels), the parameters (`weight`, `bias`, `loop`, `loop_bias`,
`alpha`, `beta`, `threshold`, `tau_syn`, `tau_mem`, `r`, `w_in`) and `spikes/<rule>` (trials, ticks, units), where a
rule is class.reset.delayed, say Synaptic.subtract.now, or norse.IF, norse.LIF, norse.CubaLIF.zero and so on.
"""

import warnings
from itertools import product
from pathlib import Path
from typing import Any

import digits
import nir
import norse.torch
import numpy as np
import snntorch as snn
import torch
from norse.torch.functional.reset import reset_subtract, reset_value

TRIALS, TICKS, CHANNELS, UNITS = 40, 100, 30, 50
DT_S = 1e-3
RESETS = ("zero", "subtract", "none")
LEAKY, RECURRENT = ("Leaky", "Synaptic"), ("RLeaky", "RSynaptic")


def parameters(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Numbers under which about every tenth neuron spikes, often with a rest above its threshold."""

    def real(low: float, high: float, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, shape or (UNITS,)).astype(np.float32)

    return {
        "input": (rng.random((TRIALS, TICKS, CHANNELS)) < 0.3).astype(np.uint8),
        "weight": real(-0.3, 0.4, UNITS, CHANNELS),
        "bias": real(-0.1, 0.1),
        "loop": real(-0.3, 0.3, UNITS, UNITS),
        "loop_bias": real(-0.1, 0.1),
        "alpha": real(0.1, 0.9),
        "beta": real(0.5, 1.0),
        "threshold": real(0.5, 1.5),
        "tau_syn": real(2e-3, 9e-3),
        "tau_mem": real(2e-3, 2e-2),
        "r": real(1.0, 5.0),
        "w_in": real(1.0, 3.0),
    }


def snntorch_layer(kind: str, reset: str, delayed: bool, numbers: dict[str, torch.Tensor]) -> torch.nn.Module:
    more: dict[str, Any] = {"alpha": numbers["alpha"]} if "Synaptic" in kind else {}
    if kind in RECURRENT:
        more["linear_features"] = UNITS
    layer = getattr(snn, kind)(
        beta=numbers["beta"],
        threshold=numbers["threshold"],
        reset_mechanism=reset,
        reset_delay=delayed,
        init_hidden=True,
        **more,
    )
    if kind in RECURRENT:
        layer.recurrent.weight.data, layer.recurrent.bias.data = numbers["loop"], numbers["loop_bias"]
    return layer


def norse_module(kind: str, reset: str, numbers: dict[str, np.ndarray]) -> torch.nn.Module:
    threshold = numbers["threshold"]
    rest = {"v_leak": np.zeros_like(threshold), "v_threshold": threshold, "r": numbers["r"]}
    node = {
        "IF": lambda: nir.IF(r=np.ones_like(threshold), v_threshold=threshold),
        "LIF": lambda: nir.LIF(tau=numbers["tau_mem"], **rest),
        "CubaLIF": lambda: nir.CubaLIF(
            tau_syn=numbers["tau_syn"], tau_mem=numbers["tau_mem"], w_in=numbers["w_in"], **rest
        ),
    }[kind]()
    nodes = {
        "input": nir.Input(np.array([CHANNELS])),
        "dense": nir.Affine(numbers["weight"], numbers["bias"]),
        "neurons": node,
        "output": nir.Output(np.array([UNITS])),
    }
    graph = nir.NIRGraph(nodes, [("input", "dense"), ("dense", "neurons"), ("neurons", "output")])
    method = {"zero": reset_value, "subtract": reset_subtract}[reset]
    return norse.torch.from_nir(graph, ignore_warnings=True, reset_method=method, dt=DT_S)


def main() -> None:
    options = digits.arguments(__doc__).parse_args()
    digits.deterministic(options.seed)
    warnings.simplefilter("ignore", DeprecationWarning)  # nirtorch.load, which Norse uses
    arrays = parameters(np.random.default_rng(options.seed))
    numbers = {name: torch.from_numpy(value) for name, value in arrays.items()}
    spikes, found = numbers["input"].float(), {}
    dense = torch.nn.Linear(CHANNELS, UNITS)
    dense.weight.data, dense.bias.data = numbers["weight"], numbers["bias"]
    with torch.no_grad():
        for kind, reset, delayed in product(LEAKY + RECURRENT, RESETS, (True, False)):
            if kind == "RSynaptic" and not delayed:
                continue  # raises TypeError
            layer = snntorch_layer(kind, reset, delayed, numbers)
            out = [layer(dense(spikes[:, tick])) for tick in range(TICKS)]
            found[f"{kind}.{reset}.{'late' if delayed else 'now'}"] = torch.stack(out, 1)
        for kind, reset in product(("IF", "LIF", "CubaLIF"), ("zero", "subtract")):
            module, state, out = norse_module(kind, reset, arrays), None, []
            for tick in range(TICKS):
                fired, state = module(spikes[:, tick], state)
                out.append(fired)
            found[f"norse.{kind}.{reset}"] = torch.stack(out, 1)
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    recorded = {f"spikes/{rule}": value.numpy().astype(np.uint8) for rule, value in found.items()}
    np.savez_compressed(folder / "layers.npz", **arrays, **recorded)
    print({rule: round(float(value.mean()), 3) for rule, value in found.items()})


if __name__ == "__main__":
    main()
