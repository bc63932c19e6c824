"""Make the circuit files of the bundled checkpoints, models/*.circuit.npz: `make circuit-files`.

What an encoder computes in float32 depends in its last digits on the processor and on the number of threads. So the
files are made by a process of its own that uses the instructions every x86-64 processor of today has, on one thread:
with the same torch they are the same bytes everywhere.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKPOINTS = ("cmc-v1v3", "context-integration", "delayed-match", "swta-digits")
ENDING = ".circuit.npz"
PLAIN = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "COMPATIBLE",
    "OMP_NUM_THREADS": "1",
}
_MAKE = """
import sys
from pathlib import Path
from neurocmc.frontends.checkpoint import save_without_torch
for checkpoint, made in zip(sys.argv[1::2], sys.argv[2::2]):
    save_without_torch(Path(checkpoint), Path(made))
"""


def make_circuit_files(folder: Path, names: Sequence[str] = CHECKPOINTS) -> list[Path]:
    """Write NAME.circuit.npz of bundled checkpoints into a folder; the paths of the files."""
    made = [folder / f"{name}{ENDING}" for name in names]
    pairs = [
        str(path) for name, file in zip(names, made, strict=True) for path in (ROOT / "models" / f"{name}.pt", file)
    ]
    subprocess.run([sys.executable, "-c", _MAKE, *pairs], check=True, cwd=ROOT, env=os.environ | PLAIN)
    return made


if __name__ == "__main__":
    for _made in make_circuit_files(ROOT / "models"):
        print(f"{_made.relative_to(ROOT)}: {_made.stat().st_size:,} bytes")
