"""Completes names on the command line: targets, models, recipes, demos, exports.

A shell asks at every press of a key, so that a fault here must say nothing: who completes gets no names, and learns
what is wrong when the command itself runs.
"""

from collections.abc import Callable, Iterable

from neurocmc.common.errors import NeurocmcError


def _completing(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        try:
            return [name for name in names() if name.startswith(incomplete)]
        except NeurocmcError:
            return []

    return complete


def _targets() -> Iterable[str]:
    from neurocmc.targets import known_targets, load_target

    known = known_targets()
    return (*known, *(alias for name in known for alias in load_target(name).aliases))


def _bundled(*kinds: str) -> Callable[[], Iterable[str]]:
    def names() -> Iterable[str]:
        from neurocmc.pipeline.bundled import bundled

        return dict.fromkeys(entry.name for entry in bundled() if entry.kind in kinds)

    return names


def _demos() -> Iterable[str]:
    from neurocmc.pipeline.demos import DEMOS

    return DEMOS


def _exports() -> Iterable[str]:
    from neurocmc.pipeline.exports.registry import known_exports

    return known_exports()


targets = _completing(_targets)
models = _completing(_bundled("trained", "spiking", "circuit"))
recipes = _completing(_bundled("recipe"))
everything = _completing(_bundled("trained", "spiking", "circuit", "recipe"))
demos = _completing(_demos)
exports = _completing(_exports)
