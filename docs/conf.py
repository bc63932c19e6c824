"""Sphinx configuration of neurocmc's documentation; `make docs` builds it and takes every warning for an error."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import equations
import notebook_pages

from neurocmc.common.extras import is_installed

project = "neurocmc"
author = "the neurocmc authors"
copyright = f"2026, {author}"  # noqa: A001  (Sphinx's own name)
release = version = installed_version("neurocmc")

extensions = ["myst_nb", "notebook_pages", "equations", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_design"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "studies"]  # parts of pages

nb_execution_mode = "cache"
nb_execution_cache_path = notebook_pages.cache_folder()
nb_execution_excludepatterns = [f"{notebook_pages.FOLDER}/{name}.md" for name in notebook_pages.not_run()]
nb_execution_in_temp = True  # what they compile is not kept
nb_execution_show_tb = True  # of a cell that raises, which is a warning and so ends `make docs`
nb_execution_timeout = 900  # s, of a cell
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False
# Without torch its modules cannot be imported, and api.md goes without them.
suppress_warnings = [] if is_installed("torch") else ["autodoc.import_object"]

html_theme = "furo"
html_math_renderer = equations.RENDERER
html_title = "neurocmc"
html_static_path = ["static"]
html_js_files = ["accessible.js"]
html_css_files = ["pictures.css"]
html_favicon = "static/icon.svg"
html_theme_options = {"top_of_page_buttons": []}  # a link to the source stands outside of all landmarks

default_role = "code"  # docstrings put code in single backticks


def setup(app):
    """Docstrings are prose for people: |u| in one is an absolute value, not a substitution."""
    app.connect("autodoc-process-docstring", lambda _app, _what, _name, _object, _options, lines: _escape(lines))


def _escape(lines):
    lines[:] = [line.replace("|", r"\|") for line in lines]
