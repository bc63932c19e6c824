"""A caller who has set everything there is to set, works in a running event loop, and wants all of it back.

python caller_with_settings.py ROOT OUT    prints the names of what was different afterwards
"""

import asyncio
import decimal
import gc
import locale
import logging
import os
import random
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import brian2
import matplotlib as mpl
import numpy as np
import torch

ROOT, OUT = Path(sys.argv[1]), Path(sys.argv[2])


def change_everything() -> None:
    np.seterr(all="raise")
    np.set_printoptions(precision=1, legacy="1.13")
    np.random.seed(7)  # noqa: NPY002  (the one that scripts still use)
    random.seed(7)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.manual_seed(7)
    torch.set_float32_matmul_precision("medium")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(2)
    mpl.use("svg")
    mpl.rcParams.update({"font.size": 40, "figure.dpi": 3, "savefig.bbox": "tight", "text.usetex": True})
    brian2.prefs["codegen.target"] = "cython"
    brian2.prefs["codegen.loop_invariant_optimisations"] = False
    brian2.prefs["core.default_float_dtype"] = np.float32
    brian2.prefs["core.network.default_schedule"] = ["start", "resets", "synapses", "thresholds", "groups", "end"]
    brian2.defaultclock.dt = 7 * brian2.ms
    decimal.getcontext().prec = 1
    decimal.getcontext().traps[decimal.Inexact] = True
    locale.setlocale(locale.LC_ALL, "C")
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    logging.basicConfig(level=logging.ERROR)
    logging.captureWarnings(True)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("error")
    sys.excepthook = lambda *found: sys.__excepthook__(*found)
    os.umask(0o077)
    sys.setrecursionlimit(400)


def everything() -> dict[str, Any]:
    return {
        "numpy": (np.geterr(), np.geterrcall(), np.get_printoptions(), np.getbufsize()),
        "numpy.random": np.random.get_state()[1].tobytes(),  # noqa: NPY002
        "random": random.getstate(),
        "torch": (
            torch.get_default_dtype(),
            str(torch.empty(0).device),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.get_float32_matmul_precision(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_num_threads(),
        ),
        "torch.random": torch.random.default_generator.get_state().numpy().tobytes(),
        "matplotlib": (dict(mpl.rcParams), mpl.get_backend()),
        "brian2": ({name: brian2.prefs[name] for name in brian2.prefs}, brian2.get_device()),
        "brian2.defaultclock": float(brian2.defaultclock.dt),
        "decimal": str(decimal.getcontext()),
        "locale": locale.setlocale(locale.LC_ALL),
        "signal": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "logging.handlers": [list(logging.getLogger(name).handlers) for name in ("py.warnings", "brian2")],
        "warnings": (list(warnings.filters), warnings.showwarning, warnings.formatwarning),
        "sys": (sys.excepthook, sys.displayhook, sys.getrecursionlimit(), sys.stdout, sys.stderr, sys.argv),
        "os": (Path.cwd(), dict(os.environ)),
        "threads": (threading.active_count(), gc.isenabled()),
    }


async def work() -> None:
    """As in a notebook: an event loop is running."""
    import neurocmc

    with torch.inference_mode():
        model = neurocmc.load(ROOT / "models" / "swta-digits.pt")
        rates = model.reference(model.read_stimuli().test[0].take(slice(2)))
        assert {name: str(value.dtype) for name, value in rates.items()} == {
            "excite": "float64",
            "inhibit": "float64",
        }
        circuit = ROOT / "examples" / "circuit.yaml"
        artifact = neurocmc.compile(circuit, target="loihi1", out=OUT / "loihi1", neurons=8)
        neurocmc.compile(circuit, target="truenorth", out=OUT / "truenorth", neurons=8)
        recording = neurocmc.simulate(artifact, on="brian2")
        np.savez(OUT / "brian2.npz", **recording.activity)


change_everything()
before = everything()
asyncio.run(work())
after = everything()
print(sorted(name for name in before if before[name] != after[name]))
