"""`neurocmc targets`: the known chips, and every number of one of them with its source."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import Json
from neurocmc.cli.output import grid, say, say_json, show

if TYPE_CHECKING:
    from neurocmc.targets import Target

EXAMPLES = ("neurocmc targets", "neurocmc targets loihi1", "neurocmc targets mine.yaml --json")
_UNITS = {"s": "s", "bits": "bits", "ticks": "ticks", "pj": "pJ", "ns": "ns", "mw": "mW"}


def targets(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A name, an alias or a YAML file. Without it, all targets are listed.",
            autocompletion=complete.targets,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the known targets; with NAME, show every limit of one with value, unit, source and what is uncertain."""
    from neurocmc.targets import known_targets, load_target

    if name is None:
        _list([load_target(known) for known in known_targets()], as_json=as_json)
    else:
        _describe(load_target(name), as_json=as_json)


def _list(known: "list[Target]", *, as_json: bool) -> None:
    rows = [_summary(target) for target in known]
    if as_json:
        say_json({"targets": rows})
        return
    show(
        grid(
            "Targets",
            ("name", "alias", "kind", "what it is", "limits", "?"),
            [
                (
                    row["name"],
                    ", ".join(row["aliases"]),
                    row["kind"],
                    row["title"],
                    f"{row['limits']}",
                    f"{row['unverified']}",
                )
                for row in rows
            ],
            right=("limits", "?"),
        )
    )
    say("?: how many of the limits are unverified. Every limit and its source: neurocmc targets NAME.")
    say("For your own target: neurocmc new target -o FILE.yaml, then --target FILE.yaml.")


def _summary(target: "Target") -> dict[str, Any]:
    return {
        "name": target.name,
        "aliases": target.aliases,
        "kind": target.kind,
        "title": target.title,
        "limits": len(target.provenance),
        "unverified": sum(entry.unverified for entry in target.provenance.values()),
    }


def _describe(target: "Target", *, as_json: bool) -> None:
    rows = list(_numbers(target))
    if as_json:
        say_json({**_summary(target), "limits": rows, "energy_caveat": target.energy_caveat})
        return
    say(f"{target.name}: {target.title}")
    if target.aliases:
        say(f"also called: {', '.join(target.aliases)}")
    cited = list(dict.fromkeys(source for row in rows for source in row["sources"]))
    show(
        grid(
            "",
            ("limit", "value", "unit", "source", "?", "note"),
            [
                (
                    row["field"],
                    _written(row["value"]),
                    row["unit"],
                    ", ".join(str(cited.index(source) + 1) for source in row["sources"]),
                    "?" if row["unverified"] else "",
                    row["note"],
                )
                for row in rows
            ],
            right=("value",),
        )
    )
    say("Sources:")
    for number, source in enumerate(cited, start=1):
        say(f"  {number}. {source}")
    if any(row["unverified"] for row in rows):
        say("? unverified: public sources disagree or only one is known; the note says which.")
    if target.energy_caveat:
        say(target.energy_caveat)


def _numbers(target: "Target") -> Iterator[dict[str, Any]]:
    """Every number that the target states, in the order of its schema, with where it comes from."""
    values: Mapping[str, Any] = dict(target.limits)
    if target.energy is not None:
        values = {**values, **dict(target.energy)}
    for field, value in values.items():
        if field in target.provenance:  # an energy that nobody published has no value and no source
            entry = target.provenance[field]
            yield {
                "field": field,
                "value": value,
                "unit": unit_of(field),
                "sources": entry.citations,
                "unverified": entry.unverified,
                "note": entry.note,
            }


def unit_of(field: str) -> str:
    """The unit that stands in the name of a field: "bits per core" for synapse_memory_bits_per_core."""
    what, _, per = field.partition("_per_")
    unit = next((_UNITS[part] for part in reversed(what.split("_")) if part in _UNITS), "")
    return " ".join(part for part in (unit, f"per {per}" if per else "") if part)


def _written(value: Any) -> str:
    """Whole numbers with separators, others shortest; steps and choices in a row."""
    if isinstance(value, tuple):
        return ", ".join(_written(entry) for entry in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return re.sub(r"e([-+])0+", r"e\1", f"{value:g}") if isinstance(value, float) else str(value)
