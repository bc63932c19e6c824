"""Checkpoints: what is read from a sound one, and what is said of every damaged one."""

import pickle
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.circuits.checkpoints import save_checkpoint
from neurocmc.common.errors import InputError
from neurocmc.frontends.checkpoint import read_checkpoint
from neurocmc.frontends.swta_checkpoint import LoadedSwta, parameter_table
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate
from tests.made.changes import drop, put

BUNDLED = Path(__file__).parents[2] / "models" / "swta-digits.pt"


@pytest.fixture(scope="module")
def loaded() -> LoadedSwta:
    return read_checkpoint(BUNDLED)


@pytest.fixture
def plain() -> dict[str, Any]:
    return deepcopy(torch.load(BUNDLED, weights_only=True))


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    assert len(str(caught.value).splitlines()) <= 24  # one screen
    return str(caught.value)


# What is read


def test_circuit_is_the_swta_of_the_checkpoint(loaded: LoadedSwta, plain: dict[str, Any]) -> None:
    state = {name: value.item() for name, value in plain["state_dict"].items() if name.startswith("circuit.")}
    circuit = loaded.circuit
    assert [(population.name, population.size) for population in circuit.populations] == [
        ("excite", 10),
        ("inhibit", 1),
    ]
    assert circuit.population("excite").offset.tolist() == [state["circuit.threshold"]] * 10
    assert circuit.population("inhibit").offset.tolist() == [state["circuit.threshold_inhibit"]]
    weights = {projection.name: projection.weight for projection in circuit.projections}
    assert list(weights) == ["excite->excite", "excite->inhibit", "inhibit->excite"]
    np.testing.assert_array_equal(weights["excite->excite"], state["circuit.alpha"] * np.eye(10))
    np.testing.assert_array_equal(weights["excite->inhibit"], np.full((1, 10), state["circuit.beta2"]))
    np.testing.assert_array_equal(weights["inhibit->excite"], np.full((10, 1), -state["circuit.beta1"]))
    assert {projection.tau_s for projection in circuit.projections} == {0.02}
    assert circuit.inputs[0].tau_s == 0  # the filter follows the rectifier: the drive itself is not filtered
    assert circuit.readouts[0].labels == tuple("0123456789")
    assert circuit.on_host == ("encoder: image 28x28 -> evidence, 20,490 parameters",)
    assert circuit.problems() == ()


def test_facts_for_inspect(loaded: LoadedSwta) -> None:
    assert (loaded.task, loaded.seed) == ("mnist-5k", 0)
    assert dict(loaded.parameters) == {"circuit": 6, "encoder": 20_490}
    assert loaded.metrics["accuracy"] >= 0.92
    table = parameter_table(loaded)
    assert table["winner_gain"] == pytest.approx(1 / (1 - table["alpha"] + table["beta1"] * table["beta2"]))
    assert 1 < table["largest_excitation"] < table["stability_bound"]


def test_stimuli_are_the_evidence_of_training_and_test_digits(loaded: LoadedSwta) -> None:
    calibration, test = loaded.stimuli["digits-calibration"], loaded.stimuli["digits-test"]
    assert list(loaded.stimuli) == ["digits-calibration", "digits-test"]
    assert (calibration.batch, test.batch) == (256, 1000)
    assert test.duration_s == 0.3
    for stimulus in (calibration, test):
        assert stimulus.problems(loaded.circuit.inputs) == ()
        assert stimulus.values["evidence"].min() >= 0
        assert stimulus.values["evidence"].max() <= 0.5
    assert loaded.stimuli["digits-test"] is test  # computed once


def test_torch_and_the_rate_interpreter_run_the_same_trajectories(loaded: LoadedSwta) -> None:
    """The edge torch ~ rate, limit 1e-5, and the bar of 92 % on all test digits."""
    test = loaded.stimuli["digits-test"]
    reference = loaded.reference(test)
    rate = simulate_rate(loaded.circuit, test)
    assert list(reference) == ["excite", "inhibit"]
    for name, activity in reference.items():
        assert activity.shape == rate.activity[name].shape
        assert np.abs(activity - rate.activity[name]).max() < 1e-5
    answers = reference["excite"][:, -100:].mean(axis=1).argmax(axis=1)
    assert (answers == test.labels).mean() >= 0.92


def test_reference_follows_drives_that_change(loaded: LoadedSwta) -> None:
    drive = np.zeros((2, 3, 10))
    drive[:, 0, 3] = 0.4
    drive[:, 1, 7] = [0.2, 0.5]
    stimulus = Stimulus(
        name="steps",
        duration_s=0.5,
        edges_s=np.array([0.0, 0.2, 0.35]),
        values={"evidence": drive},
        labels=np.array([-1, -1]),
    )
    rate = simulate_rate(loaded.circuit, stimulus)
    for name, activity in loaded.reference(stimulus).items():
        assert np.abs(activity - rate.activity[name]).max() < 1e-5
    wrong = Stimulus(
        name="narrow", duration_s=0.1, edges_s=np.zeros(1), values={"evidence": drive[:, :1, :4]}, labels=[-1, -1]
    )
    with pytest.raises(InputError, match=r"input evidence has 4 channels, the circuit 10 \[stimulus-channels\]"):
        loaded.reference(wrong)


def test_neighbour_excitation_and_absent_loops(plain: dict[str, Any], tmp_path: Path) -> None:
    plain["state_dict"]["circuit.alpha2"].fill_(0.125)
    plain["state_dict"]["circuit.alpha"].fill_(0.5)
    plain["state_dict"]["circuit.beta1"].fill_(0.0)
    save_checkpoint(plain, tmp_path / "m.pt")
    circuit = read_checkpoint(tmp_path / "m.pt").circuit
    assert [projection.name for projection in circuit.projections] == ["excite->excite", "excite->inhibit"]
    weight = circuit.projections[0].weight
    assert weight[0, :3].tolist() == [0.5, 0.125, 0.0]
    assert weight[0, 9] == weight[9, 0] == 0  # no wrap
    np.testing.assert_array_equal(weight, weight.T)


def test_origin_is_the_sum_of_the_file(loaded: LoadedSwta, plain: dict[str, Any], tmp_path: Path) -> None:
    plain["state_dict"]["circuit.beta1"] += 0.01
    save_checkpoint(plain, tmp_path / "m.pt")
    assert len(loaded.circuit.origin_sha256) == 64
    assert read_checkpoint(tmp_path / "m.pt").circuit.origin_sha256 != loaded.circuit.origin_sha256


# Files that are no checkpoint


class _Hostile:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return (open, ("pwned",))


def _missing(path: Path) -> None:
    del path


def _truncated(path: Path) -> None:
    path.write_bytes(BUNDLED.read_bytes()[:40_000])


def _flipped(path: Path) -> None:
    content = bytearray(BUNDLED.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Hostile()))


def _whole_module(path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), path)


def _compressed(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 1_000_000)


def _encrypted(path: Path) -> None:
    """The flag alone, in the entry's own header and in the directory: nothing is damaged."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\0" * 100)
    content = bytearray(path.read_bytes())
    for start, flags in ((content.index(b"PK\x03\x04"), 6), (content.index(b"PK\x01\x02"), 8)):
        content[start + flags] |= 1
    path.write_bytes(content)


def _unknown_method(path: Path) -> None:
    """It asks for a later version of the format than there is."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\0" * 100)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 250
    path.write_bytes(content)


def _unpacks_to_much(path: Path) -> None:
    """Small as a file, its directory promises more than any circuit has."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\0" * 100)
    content = bytearray(path.read_bytes())
    size = content.index(b"PK\x01\x02") + 24
    content[size : size + 4] = (64 * 1024 * 1024 + 1).to_bytes(4, "little")
    path.write_bytes(content)


def _too_large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024 + 1)


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no checkpoint")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_missing, "m.pt: no such file"),
        (Path.mkdir, "m.pt: is a directory, a checkpoint is needed"),
        (Path.touch, "m.pt: is empty"),
        (_truncated, "is truncated or damaged: 40,000 bytes begin as a zip archive, but are not a complete one"),
        (_flipped, "is damaged: the check sum of archive/data/"),
        (lambda path: path.write_text("name: circuit\n"), "archive-unreadable"),
        (_bare_pickle, "pickle-unsafe"),
        (_whole_module, "holds pickled objects (torch.nn.modules.linear.Linear)"),
        (lambda path: torch.save({"format": _Hostile()}, path), "holds pickled objects (io.open)"),
        (
            _compressed,
            "holds compressed entries, which torch.save never writes [archive-unreadable]"
            "\n    cure: give the file that torch",
        ),
        (_encrypted, "holds encrypted entries [archive-unreadable]\n    cure: give the file that torch.save wrote"),
        (_unknown_method, "is a zip archive that cannot be unpacked here (zip file version 25.0)"),
        (
            _unpacks_to_much,
            "unpacks to more than 67,108,864 bytes [file-too-large]\n    cure: no circuit of neurocmc is so large",
        ),
        (_too_large, "holds more than 67,108,864 bytes, the limit for a checkpoint"),
        (_other_zip, "archive-unreadable"),
        (lambda path: torch.save([1, 2], path), "holds a list, not the dict of a checkpoint"),
        (lambda path: torch.save({"weight": torch.ones(2)}, path), "its keys are weight"),
    ],
)
def test_files_that_are_no_checkpoint(
    make: Callable[[Path], object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "m.pt")
    assert message in complaint(tmp_path / "m.pt")
    assert not (tmp_path / "pwned").exists()


@settings(max_examples=60)
@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.booleans())
def test_no_damage_escapes_as_anything_but_an_input_error(
    at: float, byte: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The pickle inside is damaged behind the back of the archive's check sums; or the file is cut anywhere."""
    path = tmp_path_factory.getbasetemp() / "damaged.pt"
    if cut:
        path.write_bytes(BUNDLED.read_bytes()[: int(at * BUNDLED.stat().st_size)])
    else:
        with zipfile.ZipFile(BUNDLED) as sound, zipfile.ZipFile(path, "w") as damaged:
            for name in sound.namelist():
                content = bytearray(sound.read(name))
                if name.endswith("data.pkl"):
                    content[int(at * len(content))] = byte
                damaged.writestr(name, bytes(content))
    try:
        read_checkpoint(path)
        refused = False
    except InputError:
        refused = True
    assert refused or not cut


# Checkpoints with wrong content


def _nan(plain: dict[str, Any]) -> None:
    plain["state_dict"]["encoder.conv2.weight"][3, 2, 1, 0] = float("nan")


def _fill(name: str, value: float) -> Callable[[dict[str, Any]], None]:
    return lambda plain: plain["state_dict"][f"circuit.{name}"].fill_(value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("format", to="other"), "format should be 'neurocmc-checkpoint' (got 'other')"),
        (
            put("version", to=2),
            "version 2 of the format; this neurocmc reads 1 [format-version]"
            "\n    cure: use the version of neurocmc that wrote it",
        ),
        (put("version", to=0), "this neurocmc reads 1 [format-version]\n    cure: train it again"),
        (put("version", to=True), "version True of the format"),
        (
            put("family", to="other"),
            "unknown family 'other' [family-unknown]\n    cure: known families: swta, cmc, memory",
        ),
        (put("family", to="cmc"), "recipe.family should be 'cmc', as the checkpoint's (got 'swta')"),
        (drop("metrics"), "lacks metrics"),
        (put("notes", to="x"), "holds unknown entries notes"),
        (put("recipe", to=[1]), "recipe should be a dict (got list)"),
        (put("recipe", "circuit", "alfa", to=1.0), "recipe.circuit.alfa: unknown field"),
        (put("recipe", "circuit", "units", to=10**9), "recipe.circuit.units: should be less than or equal to 1024"),
        (put("recipe", "encoder", "channels", to=[16, 10**6]), "recipe.encoder.channels[1]: should be less than"),
        (put("recipe", "circuit", "tau_s", to=float("nan")), "recipe.circuit.tau_s: should be"),
        (put("recipe", 7, to=1), "recipe.7: unknown field"),
        (put("recipe", "circuit", "alpha", to=torch.ones(1)), "recipe-not-plain"),
        (put("seed", to="0"), "seed should be a whole number from 0 up (got '0')"),
        (put("metrics", "accuracy", to=float("inf")), "metrics.accuracy should be a finite number (got inf)"),
        (drop("state_dict", "circuit.beta1"), "state_dict lacks circuit.beta1"),
        (put("state_dict", "circuit.gamma", to=torch.ones(())), "state_dict holds unknown entries circuit.gamma"),
        (put("state_dict", "circuit.beta2", to=0.3), "state_dict[circuit.beta2] should be a dense tensor (got 0.3)"),
        (
            put("state_dict", "circuit.beta2", to=torch.tensor(0.3).double()),
            "state_dict[circuit.beta2] should be torch.float32 (got torch.float64)",
        ),
        (
            put("state_dict", "encoder.evidence.bias", to=torch.ones(11)),
            "state_dict[encoder.evidence.bias] has shape (11,), the recipe's model (10,)",
        ),
        (
            put("state_dict", "encoder.evidence.bias", to=torch.ones(1).expand(10**12)),
            "state_dict[encoder.evidence.bias] has shape (1000000000000,)",
        ),
        (_nan, "state_dict[encoder.conv2.weight][3, 2, 1, 0] is nan"),
        (_fill("beta1", float("inf")), "state_dict[circuit.beta1] is inf"),
        (_fill("alpha", 1.9), "self-excitation 1.9 is not below the stability bound min(2, 1 + beta1 beta2) = 1."),
        (_fill("alpha2", 0.5), "(alpha2 0.5 included) is not below the stability bound"),
        (_fill("beta2", -0.3), "soft winner-take-all: beta2: -0.3 is below 0"),
        (_fill("beta2", 40.0), "is too coarse for beta1 beta2"),
    ],
)
def test_wrong_content_is_named(
    change: Callable[[dict[str, Any]], None], message: str, plain: dict[str, Any], tmp_path: Path
) -> None:
    change(plain)
    save_checkpoint(plain, tmp_path / "m.pt")
    text = complaint(tmp_path / "m.pt")
    assert message in text
    assert str(tmp_path / "m.pt") in text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("slope", [-1e30, -110.0])
def test_a_slope_of_nothing_is_refused_without_a_warning(slope: float, tmp_path: Path) -> None:
    plain = torch.load(BUNDLED.with_name("cmc-v1v3.pt"), weights_only=True)
    plain["state_dict"]["circuit.raw_slope"][0] = slope  # a softplus of it: 0, or a number that barely is none
    torch.save(plain, tmp_path / "m.pt")
    assert "gain" in complaint(tmp_path / "m.pt")


def test_all_faults_are_told_at_once(plain: dict[str, Any], tmp_path: Path) -> None:
    del plain["state_dict"]["circuit.alpha"]
    plain["state_dict"]["circuit.beta1"].fill_(float("nan"))
    plain["state_dict"] |= {f"extra{i}": torch.ones(1) for i in range(20)}
    save_checkpoint(plain, tmp_path / "m.pt")
    text = complaint(tmp_path / "m.pt")
    assert "lacks circuit.alpha" in text
    assert "state_dict[circuit.beta1] is nan" in text
    assert "extra0, extra1" in text
    assert "and 12 more" in text
