"""network.net: what netx is given of a network, what it is not and why, and that lava-dl runs it spike for spike."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from neurocmc.backends.loihi import emit_encoded
from neurocmc.backends.loihi.emit import input_groups
from neurocmc.backends.loihi.netx import as_netx_holds, layered_part
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, IntegerProjection, SignMode
from neurocmc.ir.trace import Trace
from neurocmc.sim.loihi.reference import run_reference
from tests.backends.lava_running import run_script
from tests.backends.placing import place_anyhow
from tests.lava_environment import netx_python
from tests.made.networks import LOIHI_RULE, NO_LOSS, random_network, random_values

TICKS = 300
MATRICES = ("mantissa", "wanted_gain", "realised_gain")


def population(name: str, units: int, neurons: int, seed: int) -> IntegerPopulation:
    rng = np.random.default_rng(seed)
    return IntegerPopulation(
        name=name,
        units=units,
        neurons=neurons,
        decay_u=300 + 200 * seed,
        decay_v=100 * seed,
        threshold_mantissa=700,
        bias_mantissa=32 * rng.integers(-40, 60, (units, neurons)),
        bias_exponent=2,
        u_initial=np.zeros(units),
        v_initial=np.zeros((units, neurons)),
        lsb_per_drive=np.ones(units),
        activity_per_spike=1.0,
        trace=Trace.at_rest(0.02, units),
        wanted_pole=0.95,
        bias_loss=NO_LOSS,
    )


def projection(source: str, target: str, mantissa: object, **fields: int | SignMode) -> IntegerProjection:
    made = np.array(mantissa)
    options = {"exponent": 0, "sign": "mixed", "delay_ticks": 0} | fields
    gain = np.ones(made.shape)
    return IntegerProjection(
        name=f"{source}->{target}",
        source=source,
        target=target,
        mantissa=made,
        wanted_gain=gain,
        realised_gain=gain,
        loss=NO_LOSS,
        **options,
    )


def drive(target: IntegerPopulation, payload_bits: int = 0) -> IntegerInput:
    axons = np.array([1] if payload_bits else [60, 60, 2, 4, 8, 16, 32, -2, -4, -8, -16, -32])
    return IntegerInput(
        name=f"to {target.name}",
        target=target.name,
        axon_mantissa=axons,
        exponent=1,
        payload_bits=payload_bits,
        lsb_per_input=np.ones((target.units, 1)),
        filtered=True,
    )


def layers(payload_bits: int = 0) -> IntegerNetwork:
    """Two driven populations, two that hear them, one that hears those: every way in which weights can be exact."""
    a, b, c, d, e = (population(name, 2 + i % 2, 3 + i, i) for i, name in enumerate("abcde"))
    return IntegerNetwork(
        name="layers",
        tick_s=0.001,
        rule=LOIHI_RULE,
        populations=(a, b, c, d, e),
        projections=(
            projection("a", "c", [[20, -36], [44, 10]], exponent=1),
            projection("b", "c", [[4, 60, 12], [-70, 0, 2]]),
            projection("a", "d", [[120, 16], [40, 72], [0, 8]], exponent=-3, sign="excitatory"),
            projection("b", "d", [[-90, 20, 34], [30, 0, 40], [2, 8, -60]], delay_ticks=5),
            projection("c", "e", [[70, 255], [0, 31]], sign="excitatory"),
            projection("d", "e", [[77, 51, 3], [200, 0, 19]], sign="excitatory"),
        ),
        inputs=(drive(a, payload_bits), drive(b, payload_bits)),
        readouts=(),
    )


def emit(network: IntegerNetwork, folder: Path) -> tuple[Path, dict[str, NDArray[np.int32]]]:
    values = random_values(network, seed=1, batch=1, ticks=TICKS)
    # What arrives in tick 0 was sent before the run, which netx does not know.
    values = {name: np.where(np.arange(TICKS)[:, None] == 0, 0, value) for name, value in values.items()}
    emit_encoded(place_anyhow(network), {"check": values}, {"check": TICKS}, {"check": np.array([-1])}, folder)
    return folder, values


def sent_axons(network: IntegerNetwork, program: Path) -> NDArray[np.int32]:
    """(ticks, axons) of all inputs, by tick of sending, from the emitted stimulus."""
    columns: list[NDArray[np.int32]] = []
    with np.load(program / "stimulus-check.npz") as stimulus, np.load(program / "network.npz") as arrays:
        for entry in input_groups(network):
            if entry.payload_bits:
                columns.append(stimulus[f"{entry.key}.payload"][0])
            else:
                count = arrays[f"{entry.key}.axons"].item()
                columns.append(np.unpackbits(stimulus[f"{entry.key}.bits"][0], axis=-1, count=count))
    arriving = np.hstack(columns).astype(np.int32)
    return np.vstack([arriving[1:], np.zeros_like(arriving[:1])])


@pytest.mark.lava
@pytest.mark.slow
@pytest.mark.parametrize("payload_bits", [0, 8])
def test_netx_runs_it_spike_for_spike(payload_bits: int, tmp_path: Path) -> None:
    network = layers(payload_bits)
    program, values = emit(network, tmp_path / "program")
    np.savez(tmp_path / "spikes.npz", sent=sent_axons(network, program), message_bits=payload_bits)
    driver = Path(__file__).with_name("netx_driver.py")
    run_script(
        netx_python(), driver, program / "network.net", tmp_path / "spikes.npz", tmp_path / "out.npz", folder=tmp_path
    )
    with np.load(tmp_path / "out.npz") as out:
        theirs, depth = out["spikes"], out["layers"].item()
    ours = run_reference(network, values, 0).spikes
    place = network.neuron_slices()
    assert depth == 3
    assert all(ours[:, place[name]].sum() > 100 for name in "abcd")
    assert ours[:, place["e"]].sum() > 100
    np.testing.assert_array_equal(theirs, ours[:, place["e"]])


def test_the_file_holds_the_layers(tmp_path: Path) -> None:
    network = layers()
    program, _ = emit(network, tmp_path / "program")
    with h5py.File(program / "network.net") as file:
        assert list(file["layer"]) == ["0", "1", "2", "3"]
        assert [file[f"layer/{k}/type"][()] for k in range(4)] == [b"input", b"dense", b"dense", b"dense"]
        assert file["layer/0/shape"][()].tolist() == [5 * 12]
        second = file["layer/2"]
        assert list(second.attrs["populations"]) == ["c", "d"]
        assert second["weight"].shape == (2 * 5 + 3 * 6, 2 * 3 + 3 * 4)
        assert second["weight"][0, [0, 3, 6, 10, 14]].tolist() == [40, -72, 4, 60, 12]
        assert second["weight"][10, [0, 3]].tolist() == [15, 2]  # exponent -3, and no sum it would round
        assert np.unique(second["delay"][10:, 6:]).tolist() == [0, 5]
        assert second["neuron/iDecay"][()].tolist() == [701] * 10 + [901] * 18
        assert second["bias"][()].tolist() == [
            int(bias) * 4 // 64 for name in "cd" for bias in network.population(name).bias_mantissa.ravel()
        ]
        assert file["layer/3/neuron/vDecay"][()] == 400
        assert "delay" not in file["layer/3"]
    told = (program / "README.md").read_text()
    assert 'Network("network.net")' in told
    assert "| 2 | c, d | 28 | 18 neurons of the layer before |" in told
    again, _ = emit(network, tmp_path / "again")
    assert (program / "network.net").read_bytes() == (again / "network.net").read_bytes()


def test_a_circuit_of_loops_has_none_and_the_readme_says_why(tmp_path: Path) -> None:
    program, _ = emit(random_network(seed=4), tmp_path)
    assert not (program / "network.net").exists()
    told = (program / "README.md").read_text()
    assert "There is no `network.net` here" in told
    assert "- population pool0: it receives from pool0" in told


def changed(network: IntegerNetwork, name: str, **fields: object) -> IntegerNetwork:
    """The network with other fields in one population or projection."""
    return replace(
        network,
        populations=tuple(replace(p, **fields) if p.name == name else p for p in network.populations),
        projections=tuple(replace(p, **fields) if p.name == name else p for p in network.projections),
    )


@pytest.mark.parametrize(
    ("name", "fields", "depth", "reason"),
    [
        ("e", {"v_initial": np.ones((2, 7))}, 2, "population e: its neurons do not start at 0"),
        ("e", {"u_initial": np.ones(2)}, 2, "population e: its neurons do not start at 0"),
        ("e", {"bias_exponent": 0}, 2, "population e: its biases are not multiples of 64 from -262144 to 262080"),
        ("e", {"bias_exponent": 8, "bias_mantissa": np.full((2, 7), 1025)}, 2, "population e: its biases are no"),
        ("c->e", {"exponent": -1}, 2, "projection c->e: exponent -1 with mantissas that are not multiples of 2"),
        ("c->e", {"exponent": 1}, 2, "layer of e: weights from 0 to 510, exponents multiplied in, do not fit"),
        ("c->e", {"delay_ticks": 63}, 2, "projection c->e: delay of 63 ticks, netx clamps at 62"),
        (
            "d->e",
            {"source": "a", **dict.fromkeys(MATRICES, np.ones((2, 2)))},
            2,
            "population e: it receives from c, a, but",
        ),
        ("a->c", {"target": "a"}, 2, "population a: it receives from a, input to a, but a layer of netx"),
    ],
)
def test_what_netx_cannot_hold_is_left_out_by_name(
    name: str, fields: dict[str, object], depth: int, reason: str
) -> None:
    part = layered_part(changed(layers(), name, **fields))
    assert len(part.layers) == depth
    assert any(reason in f"{problem.where}: {problem.what}" for problem in part.left_out), part.left_out


def test_two_delays_between_two_populations_are_left_out() -> None:
    network = layers()
    second = replace(network.projections[-1], name="late", delay_ticks=2)
    part = layered_part(replace(network, projections=(*network.projections, second)))
    assert [layer.populations for layer in part.layers] == [("a", "b"), ("c", "d")]
    assert "projection late: a second delay from d: netx has one" in str(part.left_out[0])


@pytest.mark.parametrize(
    ("weights", "kept"),
    [
        ([0, 255], True),
        ([1, 3], True),
        ([-255, -1], True),
        ([-256, 254], True),
        ([-3, 5], True),  # odd mixed weights: netx asks for nine bits
        ([-255, 0], False),  # netx sees both signs and asks for nine bits, Lava sees one sign and shifts by -1
        ([-254, 0], True),
        ([-256, -1], False),  # Lava clips at -255 where there is one sign
        ([0, 256], False),
        ([-2, 255], False),
        ([0, 0], False),
    ],
)
def test_what_becomes_of_weights_is_foreseen(weights: list[int], kept: bool) -> None:
    held = as_netx_holds(np.array([weights]))
    assert (held is not None and held.tolist() == [weights]) == kept
