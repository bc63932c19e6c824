"""Sphinx configuration of neurocmc's documentation; `make docs` builds it and takes every warning for an error."""

from importlib.metadata import version as installed_version

project = "neurocmc"
author = "the neurocmc authors"
copyright = f"2026, {author}"  # noqa: A001  (Sphinx's own name)
release = version = installed_version("neurocmc")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "studies"]  # parts of pages

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False

html_theme = "furo"
html_title = "neurocmc"

default_role = "code"  # docstrings put code in single backticks


def setup(app):
    """Docstrings are prose for people: |u| in one is an absolute value, not a substitution."""
    app.connect("autodoc-process-docstring", lambda _app, _what, _name, _object, _options, lines: _escape(lines))


def _escape(lines):
    lines[:] = [line.replace("|", r"\|") for line in lines]
