"""`--axons own` and `shared` of one circuit: the same program, neuron for neuron, in other places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.pipeline.artifact import open_artifact
from neurocmc.targets import Axons

ROOT = Path(__file__).parents[2]
CIRCUIT = ROOT / "examples" / "circuit.yaml"
PLACES = {"neuron.core", "neuron.slot"}


def compiled(folder: Path, axons: Axons | None, target: str = "loihi1") -> Path:
    neurocmc.compile(CIRCUIT, target=target, out=folder, neurons=64, axons=axons, figures=False)
    return folder


def program(folder: Path) -> dict[str, Any]:
    with np.load(folder / "program" / "network.npz") as file:
        return dict(file)


def test_only_places_differ(tmp_path: Path) -> None:
    own, shared = compiled(tmp_path / "own", "own"), compiled(tmp_path / "shared", "shared")
    one, other = program(own), program(shared)
    assert set(one) == set(other)
    assert {name for name in one if not np.array_equal(one[name], other[name])} <= PLACES
    for level in ("10-rate", "20-spiking", "30-integer"):
        assert (own / "ir" / f"{level}.json").read_bytes() == (shared / "ir" / f"{level}.json").read_bytes()
    runs = [neurocmc.simulate(folder, on="emulator").spike_counts["excite"] for folder in (own, shared)]
    assert np.array_equal(*runs)
    assert runs[0].sum() > 1000
    budgets = [neurocmc.budget(folder) for folder in (own, shared)]
    in_axons = [next(row.used for row in budget.in_all if row.resource == "in_axons") for budget in budgets]
    synapses = [next(row.used for row in budget.in_all if row.resource == "synapses") for budget in budgets]
    assert in_axons[0] > 5 * in_axons[1]
    assert synapses[0] > 5 * synapses[1]
    # A spike costs as many synaptic operations, and one message a core instead of one for each projection.
    counts = [{t.operation: t.count_per_tick for t in budget.energy.terms} for budget in budgets if budget.energy]
    assert counts[0]["synaptic operations"] == counts[1]["synaptic operations"]
    assert counts[0]["spike messages, within a tile"] > counts[1]["spike messages, within a tile"]


def test_a_target_decides_where_nothing_is_asked_for(tmp_path: Path) -> None:
    text = (ROOT / "targets" / "loihi1.yaml").read_text(encoding="utf-8")
    start, end = text.index("  shared_axons:"), text.index("  weight_mantissa_bits:")
    bare = text[:start] + text[end:]
    for name in ("shared_axons", "formats_share_axon", "index_free_synapses", "shared_out_axons"):
        bare = bare.replace(f"  - {name}\n", "")
    bare = bare.replace(
        "  nengo_builder: nengo-loihi 1.1.0, nengo_loihi/hardware/builder.py (build_axon, build_synapse)\n", ""
    )
    (tmp_path / "bare.yaml").write_text(bare, encoding="utf-8")
    without = compiled(tmp_path / "bare", None, str(tmp_path / "bare.yaml"))
    own, states = compiled(tmp_path / "own", "own"), compiled(tmp_path / "states", None)
    assert (without / "ir" / "40-chip.npz").read_bytes() == (own / "ir" / "40-chip.npz").read_bytes()
    assert (without / "ir" / "40-chip.txt").read_text() == (own / "ir" / "40-chip.txt").read_text()
    assert "send to one in-axon of a core" in (states / "ir" / "40-chip.txt").read_text()
    assert open_artifact(own).manifest["options"]["axons"] == "own"
    with pytest.raises(InputError, match="its file states no shared_axons for loihi1"):
        compiled(tmp_path / "refused", "shared", str(tmp_path / "bare.yaml"))
    assert not (tmp_path / "refused").exists()


@pytest.mark.parametrize("target", ["brian2", "truenorth"])
def test_a_target_without_axons_to_lay_refuses_the_option(target: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{target} has no axons"):
        compiled(tmp_path / "build", "own", target)
