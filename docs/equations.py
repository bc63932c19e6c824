"""Sets the equations of pages as MathML when they are built: a browser draws them without scripts or a network."""

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger

RENDERER = "mathml"
SIZE = re.compile(r"\\[bB]igg?(?![A-Za-z])")  # of a fence, which docutils does not know; browsers choose it
logger = getLogger(__name__)


def setup(app):
    """Adds the renderer that conf.py names as `html_math_renderer`, and its style."""
    app.add_html_math_renderer(RENDERER, (_inline, None), (_block, None))
    app.add_css_file("equations.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator, node):
    translator.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _block(translator, node):
    translator.body.append(f'<div class="math">{_mathml(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(node, *, as_block):
    """An equation; its source where it cannot be set, with a warning."""
    try:
        return str(tex2mathml(SIZE.sub("", node.astext()), as_block=as_block))
    except MathError as error:
        logger.warning("an equation cannot be set: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"
