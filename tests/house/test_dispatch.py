"""No code but the families and their wings asks of which family a chip is."""

import pytest

from tests.house.dispatch import PRODUCT, chip_names, dispatches, family_classes, is_own_place


def test_nothing_asks_of_which_family_a_chip_is() -> None:
    classes, names = family_classes(), chip_names()
    found = [
        f"{own}:{line}: {what}"
        for path in sorted(PRODUCT.rglob("*.py"))
        if not is_own_place(own := path.relative_to(PRODUCT).as_posix())
        for line, what in dispatches(path.read_text(), classes, names)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(target, LoihiTarget)",
        "isinstance(level, IntegerNetwork | CoreProgram)",
        "if artifact.integer is None: pass",
        "x = 1 if built.chip is not None else 2",
        "hasattr(levels, 'cores')",
        "getattr(levels, 'integer', None)",
        "target.kind == 'loihi'",
        "target.name in ('loihi1', 'loihi2')",
        "match target:\n    case TrueNorthTarget(): pass",
        "match target.kind:\n    case 'ideal': pass",
        "{'loihi': 1, 'ideal': 2}[kind]",
    ],
)
def test_the_check_can_fail(source: str) -> None:
    assert list(dispatches(source, family_classes(), chip_names()))


def test_the_places_of_families_are_known() -> None:
    assert is_own_place("pipeline/chips/loihi.py")
    assert is_own_place("sim/truenorth/kernel.py")
    assert is_own_place("theory/loihi.py")
    assert not is_own_place("pipeline/walk.py")
    assert {"LoihiTarget", "IntegerNetwork", "CoreProgram", "LoihiBuilt"} <= family_classes()
