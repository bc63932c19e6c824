"""The page of errors: runs every example of docs/errors-examples.txt and writes docs/errors.md from what is printed.

    python docs/make_errors.py                 some half a minute
    python docs/make_errors.py file-missing    prints what one example prints, and writes nothing

An example stands under the id that it provokes. A line `$ neurocmc ...` is a command, any other `$ ...` one of the
shell, and lines `>>> ...` are Python; all of them start in a folder that has examples/, models/ and targets/ of the
checkout, and, where an example names it, build/. The page is the one golden of what errors say: tests match ids.
"""

import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from textwrap import fill
from typing import Any
from unittest.mock import patch

from typer.testing import CliRunner

from neurocmc.cli.main import app
from neurocmc.common.catalogue import CATALOGUE, SECTIONS
from neurocmc.common.errors import NeurocmcError

DOCS = Path(__file__).resolve().parent
EXAMPLES, PAGE = DOCS / "errors-examples.txt", DOCS / "errors.md"
BUILD = "compile examples/circuit.yaml --target loihi1 --neurons 8 --no-figures -o build"
NAMED = "== "
WIDTH = 118
INTRODUCTION = f"""# Messages and exit codes

| code | meaning |
|---|---|
| 0 | done; for `verify` and `demo`, all budgets are kept |
| 1 | a fidelity budget is missed |
| 2 | bad input, or a circuit that the target cannot hold |
| 3 | a defect of neurocmc; `neurocmc --debug ...` or `NEUROCMC_DEBUG=1` shows the traceback |
| 130, 141 | interrupted; the reader of a pipe went away |

Whatever a user can mend is one screen on standard error: where, what is wrong there, the id of the error in
brackets and a cure, all faults of a file at once. With `--json` the same stands on standard output as `{{"error":
{{"headline": ..., "problems": [{{"id": ..., "where": ..., "what": ..., "cure": ...}}]}}}}`; in Python it is raised
as `neurocmc.common.errors.NeurocmcError`, whose `problems` have the same fields. Ids stay when words change:
scripts should go by them. A compilation that fails leaves nothing on disk, and an artifact that was there before
stays as it was. Control characters in names, labels and paths are shown as Python writes them (`\\x1b`), never sent
to the terminal; the JSON says them in full. Checkpoints are read without executing anything in them: size and
integrity of the archive first, then `torch.load(weights_only=True)`, then keys, shapes, finiteness and stability.

Each id below stands with what it means and, where it can be shown in a few lines, with an example that is run anew
by `docs/make_errors.py` and by a test. Examples start in a checkout; `build` is the artifact of
`neurocmc {BUILD}`.
"""


def main(names: list[str]) -> None:
    """Write the page, or print single examples."""
    examples = read_examples(EXAMPLES.read_text(encoding="utf-8"))
    if names:
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                print(run(examples[name], Path(folder)))
        return
    PAGE.write_text(page(examples), encoding="utf-8")


def read_examples(text: str) -> dict[str, list[str]]:
    """Id -> the lines of its example. Raises ValueError for an id that is unknown or stands twice."""
    examples: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith(NAMED):
            name = line.removeprefix(NAMED)
            if name not in CATALOGUE or name in examples:
                raise ValueError(f"{name!r} is not in the catalogue, or stands twice")
            examples[name] = []
        elif name and line.strip():
            examples[name].append(line)
    return examples


def page(examples: dict[str, list[str]]) -> str:
    """The text of docs/errors.md; every example is run."""
    with tempfile.TemporaryDirectory() as folder:
        return "\n".join(_parts(examples, Path(folder)))


def _parts(examples: dict[str, list[str]], folder: Path) -> Iterator[str]:
    yield INTRODUCTION
    for heading, section in SECTIONS.items():
        yield f"## {heading}\n"
        for name, meaning in section.items():
            yield f"### {name}\n\n{meaning}\n"
            if name in examples:
                lines = "\n".join(examples[name])
                yield f"```text\n{lines}\n{run(examples[name], folder)}```\n"
    left_out = [name for name in CATALOGUE if name not in examples]
    told = (
        f"These {len(left_out)} of {len(CATALOGUE)} have no example here: {', '.join(left_out)}. What provokes them "
    )
    told += "takes a damaged file, a full disk, Lava, a long run, or a network made in Python."
    yield "## Not shown\n"
    yield fill(told, WIDTH, break_on_hyphens=False) + "\n"


def run(lines: list[str], parent: Path) -> str:
    """What the example prints where it fails, in a new folder below `parent`."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    for name in ("examples", "models", "targets"):
        (folder / name).symlink_to(DOCS.parent / name)
    if any("build" in line for line in lines):
        shutil.copytree(_build(parent), folder / "build")
    names: dict[str, Any] = {}
    with chdir(folder):
        told = "".join(
            _python(line, names) if line.startswith(">>> ") else _shell(line.removeprefix("$ "))
            for line in _joined(lines)
        )
    shutil.rmtree(folder)
    return told.replace(f"{folder}/", "").replace(str(folder), "FOLDER")


def _build(parent: Path) -> Path:
    """The artifact that examples begin with, made when the first one asks for it."""
    made = parent / "build"
    if not made.exists():
        with chdir(parent):
            for name in ("examples", "targets"):
                Path(name).symlink_to(DOCS.parent / name)
            _shell(f"neurocmc {BUILD}")
    return made


def _joined(lines: list[str]) -> Iterator[str]:
    """Lines with their continuations: `... ` of Python, and what follows a backslash."""
    whole = ""
    for line in lines:
        if whole and (line.startswith("... ") or (line.startswith(">>> ") and whole.startswith(">>> "))):
            whole += f"\n{line}"
        elif whole.endswith("\\"):
            whole = f"{whole[:-1]} {line.strip()}"
        else:
            if whole:
                yield whole
            whole = line
    yield whole


def _python(lines: str, names: dict[str, Any]) -> str:
    """What Python says of an error; what it prints else is left out."""
    code = "\n".join(line[4:] for line in lines.splitlines())
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            exec(compile(code, "example", "exec"), names)
        except NeurocmcError as error:
            return f"{type(error).__name__}: {error}\n"
    return ""


def _shell(command: str) -> str:
    """What a command says where it fails."""
    words = shlex.split(command)
    # What a shell has must not show, nor how many processors the machine has.
    settings = {"NEUROCMC_LAVA_PYTHON": "", "NEUROCMC_WORKERS": "1", "NEUROCMC_DEBUG": "", "COLUMNS": ""}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        settings[name] = value
    if words[0] != "neurocmc":
        subprocess.run(["bash", "-c", command], check=True, capture_output=True)
        return ""
    with patch.dict(os.environ, settings):
        result = CliRunner().invoke(app, words[1:], prog_name="neurocmc")
    if not result.exit_code:
        return ""
    # What is done is told on the way, in lines that begin with the name of the command.
    said = (line for line in result.stderr.splitlines() if not line.startswith(f"{words[1]}: "))
    return "".join(f"{line}\n" for line in said)


if __name__ == "__main__":
    main(sys.argv[1:])
