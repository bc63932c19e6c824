"""nengo-loihi's packing of a dense network beside ours: the same lists, and what sharing axons saves."""

import json
from pathlib import Path

import pytest

from neurocmc.passes.loihi.placing.synapse_memory import list_bits
from tests.backends.lava_running import run_script
from tests.lava_environment import peer_python
from tests.made.targets import loihi
from tests.passes.made_networks import built, network_of, pool, wire

pytestmark = [pytest.mark.lava, pytest.mark.slow]

DRIVER = Path(__file__).parent / "nengo_loihi_packing.py"
NEURONS = 1024


def test_a_dense_network_takes_nine_cores_there_and_one_here(tmp_path: Path) -> None:
    """Nine by the bits of all lists, of which none here names a compartment either; one where pools share axons."""
    python = peer_python("nengo")
    if python is None:
        pytest.skip("nengo needs an environment of Python 3.11")
    out = tmp_path / "packed.json"
    run_script(python, "-W", "ignore", DRIVER, NEURONS, out, folder=tmp_path)
    theirs = json.loads(out.read_text())
    limits = loihi().limits
    assert theirs["bits_per_core"] == limits.synapse_memory_bits_per_core
    # It fills groups of 64 synapses, 576 bits each; ours hold 62 in 512 where that is cheaper.
    assert theirs["bits"] == NEURONS * 16 * 576
    least = int(list_bits(limits, NEURONS, delayed=False, index_free=True)[NEURONS])
    assert NEURONS * least < theirs["bits"]
    assert theirs["cores"] == -(-theirs["bits"] // theirs["bits_per_core"]) == 9
    a = pool("a", 16, 64)
    network = network_of([a], [wire(a, a)])
    own_lists = loihi(shared_axons=False, formats_share_axon=False)
    assert built(network, own_lists).cores <= theirs["cores"]
    assert built(network, loihi()).cores == 1
