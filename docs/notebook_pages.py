"""Runs the notebooks of docs/notebooks when their pages are built, and gives each page its download.

A notebook is a Markdown file with a kernel in its head, which myst-nb runs; it holds no outputs. A new one is a file
in docs/notebooks and a line in the table of contents of docs/index.md. What was run is kept below docs/_build until
the notebook or neurocmc changes. Where torch is not installed, the notebooks that import it are shown without being
run, and with NEUROCMC_NOTEBOOKS=short the longest; the build and their pages say so.
"""

import hashlib
import os
import re
from pathlib import Path

from docutils import nodes
from jupyter_cache import get_cache
from sphinx.addnodes import download_reference

from neurocmc.common.extras import is_installed

DOCS = Path(__file__).parent
ROOT = DOCS.parent
FOLDER = "notebooks"
NEEDS_TORCH = re.compile(r"^(import|from) torch\b", re.MULTILINE)
BEFORE_DOWNLOADS_ARE_COLLECTED = 400  # Sphinx's own listeners are called at 500
_TIMES_BEFORE = os.times()
WITHOUT_TORCH = "it needs torch, which was not installed"
LEFT_TO_THE_NIGHT = "it takes longest, and the nightly build runs it"
LONGEST = ("cmc",)  # what CI leaves to the night, so that all others take three minutes


def all_notebooks() -> list[Path]:
    """Returns the files of all notebooks, in order."""
    return sorted((DOCS / FOLDER).glob("*.md"))


def not_run() -> dict[str, str]:
    """Maps names of notebooks that are not run here to why: without torch those that need it, in CI the longest."""
    left = dict.fromkeys(LONGEST, LEFT_TO_THE_NIGHT) if os.environ.get("NEUROCMC_NOTEBOOKS") == "short" else {}
    for path in () if is_installed("torch") else all_notebooks():
        if NEEDS_TORCH.search(path.read_text(encoding="utf-8")):
            left[path.stem] = WITHOUT_TORCH
    return left


def cache_folder() -> str:
    """Returns where runs are kept: another folder as soon as neurocmc, or a chip, is another."""
    digest = hashlib.sha256()
    for path in sorted([*(ROOT / "neurocmc").rglob("*.py"), *(ROOT / "targets").glob("*.yaml")]):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return str(DOCS / "_build" / "notebook-runs" / digest.hexdigest()[:16])


def setup(app):
    """Lists what myst-nb leaves out, and completes every page of a notebook."""
    app.connect("builder-inited", lambda _app: _tell_what_is_not_run())
    app.connect("build-finished", lambda app, error: error or _tell_seconds(app))
    app.connect("doctree-read", _complete, priority=BEFORE_DOWNLOADS_ARE_COLLECTED)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _tell_what_is_not_run():
    for name, why in not_run().items():
        print(f"docs/{FOLDER}/{name}.md was not run: {why}")


def _tell_seconds(app):
    """Prints how long each notebook took when it was run, which was now or for an earlier build."""
    runs = get_cache(app.config.nb_execution_cache_path).list_cache_records()
    seconds = {Path(run.uri).stem: run.data["execution_seconds"] for run in sorted(runs, key=lambda run: run.pk)}
    own = {path.stem: seconds[path.stem] for path in all_notebooks() if path.stem in seconds}
    now, then = os.times(), _TIMES_BEFORE
    kernels_s = now.children_user + now.children_system - then.children_user - then.children_system
    print("seconds of each notebook")
    for name, taken in (*own.items(), ("in all", sum(own.values()))):
        print(f"{taken:6.0f} s  {name}")
    print(f"{kernels_s:6.0f} s  of processor time, in the kernels that ran for this build")


def _complete(app, page):
    """Puts the download, and a note where nothing was run, under the title of a notebook's page."""
    folder, _, name = app.env.docname.rpartition("/")
    if folder != FOLDER:
        return
    file = Path(app.env.mystnb_config.output_folder) / FOLDER / f"{name}.ipynb"
    link = download_reference(reftarget=f"/{file.relative_to(app.srcdir).as_posix()}")
    link += nodes.Text(f"{name}.ipynb")
    added = [nodes.paragraph("", "", nodes.Text("Download this page as a notebook: "), link)]
    if why := not_run().get(name):
        added.append(nodes.note("", nodes.paragraph("", f"The cells of this page were not run: {why}.")))
    title = next(page.findall(nodes.title))
    at = title.parent.index(title) + 1
    title.parent[at:at] = added
