"""Reads limits of a user's own: `EDGE: QUANTITY=VALUE` relaxes or tightens one, and is told wherever the edge is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import isfinite

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.names import did_you_mean
from neurocmc.verification.edges import Edge, judged

FORM = "write EDGE: QUANTITY=VALUE, for example 'rate ~ emulator: NRMSE of rates=0.08' or '...=8%'"


def read_limits(texts: Sequence[str]) -> dict[str, float]:
    """Maps edge and quantity, as `Edge.key` joins them, to limits. Raises InputError for a text of another form."""
    limits: dict[str, float] = {}
    problems: list[Problem] = []
    for text in texts:
        key, equals, value = text.rpartition("=")
        name, colon, quantity = (part.strip() for part in key.partition(":"))
        number = _number(value)
        if not (equals and colon and name and quantity) or number is None:
            problems.append(Problem("option-unreadable", "--limit", f"got {text!r}", FORM))
        else:
            limits[f"{name}: {quantity}"] = number
    if problems:
        raise InputError(problems)
    return limits


def _number(text: str) -> float | None:
    """A number, or a share in percent; None for anything else."""
    text = text.strip()
    try:
        value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        return None
    return value if isfinite(value) else None


def with_limits(edges: Iterable[Edge], limits: Mapping[str, float]) -> tuple[Edge, ...]:
    """Returns the edges, judged by the limits given where they are named.

    Raises InputError for a limit of an edge that is not among them.
    """
    edges = tuple(edges)
    keys = [edge.key for edge in edges]
    unknown = [key for key in limits if key not in keys]
    if unknown:
        raise InputError(
            Problem("edge-unknown", "--limit", f"there is no edge {key!r}", _nearest(key, keys)) for key in unknown
        )
    return tuple(_judged_by(edge, limits[edge.key]) if edge.key in limits else edge for edge in edges)


def _nearest(key: str, keys: Sequence[str]) -> str:
    return did_you_mean(key, keys).rstrip() or f"edges of this artifact are: {'; '.join(keys)}"


def _judged_by(edge: Edge, limit: float) -> Edge:
    if edge.value is None or edge.limit is None:
        return edge
    told = f"limit given by --limit, by default {edge.limit:g}"
    note = f"{edge.note}; {told}" if edge.note else told
    moved = judged(edge.name, edge.quantity, edge.value, limit, edge.unit, better=edge.better)
    return replace(edge, limit=limit, verdict=moved.verdict, note=note)
