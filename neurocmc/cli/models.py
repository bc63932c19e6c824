"""`neurocmc models`: what ships with neurocmc, to be compiled, inspected or trained by its name."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import Json
from neurocmc.cli.output import grid, say, say_json, show
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import nearest_name

if TYPE_CHECKING:
    from neurocmc.pipeline.bundled import Bundled

EXAMPLES = ("neurocmc models", "neurocmc models swta-digits", "neurocmc models --json")

_TITLES = {
    "trained": "trained circuits",
    "spiking": "trained spiking networks",
    "circuit": "circuits and programs in YAML",
    "recipe": "recipes of training",
}


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The model or recipe to show. Without a name, all are listed.",
            autocompletion=complete.everything,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the models and recipes that come with neurocmc; with NAME, show the model card or source of one."""
    from neurocmc.pipeline.bundled import bundled

    known = bundled()
    if name is None:
        _list(known, as_json=as_json)
        return
    entries = [entry for entry in known if entry.name == name]
    if not entries:
        cure = nearest_name(name, [entry.name for entry in known])
        raise InputError(
            Problem("model-unknown", "models", f"neurocmc has no model and no recipe named {name!r}", cure)
        )
    if as_json:
        say_json({"models": [_row(entry) for entry in entries]})
        return
    card = entries[0].path.parent / f"{name}.md"
    shown = card if card.is_file() else entries[0].path
    for line in shown.read_text(encoding="utf-8").splitlines():
        say(line)
    say()
    for entry in entries:
        for path in entry.files:
            say(f"{entry.kind}: {path}")
        say(f"next: {_next(entry)}")


def _list(known: "tuple[Bundled, ...]", *, as_json: bool) -> None:
    if as_json:
        say_json({"models": [_row(entry) for entry in known]})
        return
    for kind, title in _TITLES.items():
        rows = [(entry.name, entry.about) for entry in known if entry.kind == kind]
        show(grid(title, ("name", "what it is"), rows))
        say()
    say("neurocmc models NAME shows the model card or the source of one.")
    say("All commands take these names in place of files: neurocmc compile swta-digits --target loihi1 -o build;")
    say("neurocmc train cmc-v1 -o model.pt.")


def _row(entry: "Bundled") -> dict[str, Any]:
    return {"name": entry.name, "kind": entry.kind, "about": entry.about, "files": entry.files, "path": entry.path}


def _next(entry: "Bundled") -> str:
    if entry.kind == "recipe":
        return f"neurocmc train {entry.name} -o model.pt"
    return f"neurocmc compile {entry.name} --target loihi1 -o build"
