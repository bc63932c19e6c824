"""A worker thread that goes on when the main thread has come to its end, in a directory that is no longer there.

python thread_that_outlives.py ROOT OUT    prints what the thread made, and what was different afterwards
"""

import logging
import os
import random
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import neurocmc

OUT = Path(sys.argv[2])
CIRCUIT = Path(__file__).with_name("chain.yaml").absolute()


def everything() -> dict[str, Any]:
    return {
        "random": random.getstate(),
        "signal": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "logging.handlers": [
            handler
            for handler in logging.getLogger("py.warnings").handlers
            if not isinstance(handler, logging.NullHandler)
        ],
        "warnings": (list(warnings.filters), warnings.showwarning, warnings.formatwarning),
        "sys": (sys.excepthook, threading.excepthook, sys.displayhook, sys.getrecursionlimit(), sys.argv),
    }


def work() -> None:
    threading.main_thread().join()
    before = everything()
    artifact = neurocmc.compile(CIRCUIT, target="brian2", out=OUT / "brian2", neurons=32)
    edges = {edge.name: edge.verdict for edge in neurocmc.verify(artifact).edges}
    print(edges["brian2 ~ emitted"])
    cores = neurocmc.compile(CIRCUIT, target="truenorth", out=OUT / "truenorth", neurons=8)
    print(neurocmc.simulate(cores).activity["a"].shape)
    after = everything()
    print(sorted(name for name in before if before[name] != after[name]), flush=True)


gone = OUT / "gone"
gone.mkdir()
os.chdir(gone)
gone.rmdir()
random.seed(1)
threading.Thread(target=work).start()
