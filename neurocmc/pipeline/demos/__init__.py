"""Shows bundled circuits: each is compiled, run on every interpreter, drawn and judged; all are registered here.

common         defines what all demos share
digits         shows circuits that read digits
up_state       shows an item that is held without drive
machines       shows finite-state machines
delayed_match  shows a trained working memory
interneurons   shows four classes of interneurons
recall         shows a content-addressable memory
"""

from collections.abc import Mapping
from pathlib import Path

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.names import nearest_name
from neurocmc.common.progress import Progress
from neurocmc.pipeline.demos.common import Demo, DemoResult, Setting
from neurocmc.pipeline.demos.delayed_match import DELAYED_MATCH
from neurocmc.pipeline.demos.digits import CMC_DIGITS_DEMO, SWTA_DIGITS
from neurocmc.pipeline.demos.interneurons import INTERNEURONS
from neurocmc.pipeline.demos.machines import AUTOMATON, TWO_STATE
from neurocmc.pipeline.demos.recall import RECALL
from neurocmc.pipeline.demos.up_state import UP_STATE
from neurocmc.pipeline.options import CompileOptions
from neurocmc.report.figures.film import FilmKind, check_film
from neurocmc.targets import Target

DEMOS: Mapping[str, Demo] = {
    "digits": CMC_DIGITS_DEMO,
    "swta-digits": SWTA_DIGITS,
    "up-state": UP_STATE,
    "two-state": TWO_STATE,
    "automaton": AUTOMATON,
    "delayed-match": DELAYED_MATCH,
    "interneurons": INTERNEURONS,
    "recall": RECALL,
}
FORMER_NAMES: Mapping[str, str] = {"working-memory": "up-state"}


def find_demo(name: str) -> Demo:
    """Returns the demo of that name, or of a former one. Raises InputError for a name that no demo has or had."""
    current = FORMER_NAMES.get(name, name)
    if current not in DEMOS:
        raise InputError(Problem("demo-unknown", "demo", f"no demo is named {name!r}", nearest_name(name, DEMOS)))
    return DEMOS[current]


def run_demo(
    name: str,
    target: str | Target,
    directory: str | Path,
    progress: Progress | None = None,
    film: FilmKind | None = None,
    options: CompileOptions | None = None,
) -> DemoResult:
    """Runs a demo into `directory`, and makes a film of its picture where a kind of film is given.

    Raises InputError for a name that no demo has, and, before anything is run, where no such film can be written.
    """
    demo = find_demo(name)
    if film is not None:
        check_film(film)
    given = options or CompileOptions()
    raise_input_problems(given.problems())
    setting = Setting(target=target, directory=Path(directory), options=given, film=film, progress=progress)
    return demo.run(setting)


__all__ = ["DEMOS", "FORMER_NAMES", "Demo", "DemoResult", "find_demo", "run_demo"]
