"""neurocmc in a Jupyter kernel: its event loop runs, its streams are messages, and its settings are the caller's."""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

import neurocmc
from tests.cli.running import CIRCUIT, listing

CELLS = (
    "import neurocmc, numpy as np\n_ = np.seterr(all='raise')",
    "seen = []\n"
    "artifact = neurocmc.compile({circuit!r}, out={out!r}, neurons=64, progress=lambda *s: seen.append(s))\n"
    "assert seen[-1][1] <= 1 and len(seen) > 3",
    "for on in ('rate', 'emulator', 'brian2'):\n"
    "    print(on, neurocmc.simulate(artifact, on=on).activity['excite'].shape)",
    "result = neurocmc.verify(artifact)\nprint(result.passed, neurocmc.budget(artifact).cores_used)",
    "try:\n    neurocmc.compile({circuit!r}, out={out!r}, neurons='8')\n"
    "except neurocmc.common.errors.InputError as error:\n    print(error)",
    "assert np.geterr()['under'] == 'raise'",
    "from neurocmc.cli.main import app\napp(['inspect', {circuit!r}], standalone_mode=False)",
)


@pytest.mark.slow
def test_a_notebook(tmp_path: Path) -> None:
    out = str(tmp_path / "there")
    cells = [cell.replace("{circuit!r}", repr(str(CIRCUIT))).replace("{out!r}", repr(out)) for cell in CELLS]
    notebook: Any = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    manager: Any = KernelManager(kernel_name="python3")
    # The kernel of this interpreter, whichever others this machine has told Jupyter of.
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    NotebookClient(notebook, km=manager, timeout=None).execute(cwd=str(tmp_path), env=environment)

    said = ["".join(o.text for o in cell.outputs if o.output_type == "stream") for cell in notebook.cells]
    assert said[2].split("\n")[:3] == [f"{on} (1, 2000, 4)" for on in ("rate", "emulator", "brian2")]
    assert said[3] == "True 1\n"
    assert said[4] == "neurons: got '8', of type str [argument-type]\n    cure: give an int or None\n"
    assert "excite" in said[6]
    assert [o.output_type for cell in notebook.cells[:6] for o in cell.outputs if o.output_type != "stream"] == []

    neurocmc.verify(neurocmc.compile(CIRCUIT, out=tmp_path / "here", neurons=64))
    there, here = ({n: c for n, c in listing(tmp_path / f).items() if n != "timings.json"} for f in ("there", "here"))
    assert there == here
