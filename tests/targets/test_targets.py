"""Targets: every number of a bundled file has a source, and a bad file says line, field and cure."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_folder
from neurocmc.targets import (
    IdealTarget,
    LoihiTarget,
    Target,
    TrueNorthTarget,
    known_targets,
    load_target,
    parse_target,
)
from neurocmc.targets.kinds import BUILT_IN, known_kinds
from neurocmc.targets.neurocorex import NeuroCoreXTarget
from tests.made.targets import truenorth

BUNDLED = {path.stem: path for path in sorted(resource_folder("targets").glob("*.yaml"))}
LOIHI1 = BUNDLED["loihi1"].read_text()
TRUENORTH = BUNDLED["truenorth"].read_text()


def line_of(text: str, start: str) -> int:
    """The number of the only line that begins like that."""
    (number,) = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start)]
    return number


def edited(*changes: tuple[str, str], text: str = LOIHI1) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def refused(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_target(text, "mine.yaml")
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


def test_bundled_names() -> None:
    names = ("brian2", "loihi1", "loihi2", "nahuku32", "neurocorex", "ns16e", "pohoiki-springs", "ranc", "truenorth")
    assert known_targets() == names == tuple(BUNDLED)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_number_has_a_source_and_every_source_a_number(name: str) -> None:
    target = load_target(name)
    assert target.name == name
    assert target.text == BUNDLED[name].read_text()
    fields = type(target.limits).model_fields
    numbers = {field for field, said in fields.items() if said.is_required() or field in target.provenance}
    if isinstance(target, LoihiTarget | TrueNorthTarget):
        numbers |= {field for field, value in target.energy if value is not None}
    assert numbers == set(target.provenance)
    cited = {citation for entry in target.provenance.values() for citation in entry.citations}
    assert all(entry.citation for entry in target.provenance.values())
    sources = target.text.split("\nsources:\n")[1].split("\nlimits:\n")[0]
    assert len(cited) == sum(line.startswith("  ") and not line.startswith("   ") for line in sources.splitlines())


def test_loihi1_is_the_chip_of_the_literature() -> None:
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    limits = target.limits
    assert limits.cores_per_chip * limits.compartments_per_core == 131_072
    assert limits.synapse_memory_bits_per_core == 128 * 1024 * 8
    # A dense 1024 x 1024 projection at 8 bits: 16 groups of 64 synapses an axon, 576 bits each once padded.
    group = limits.synapses_per_group * 8 + limits.synapse_group_header_bits
    padded = -(-group // limits.synapse_group_alignment_bits) * limits.synapse_group_alignment_bits
    assert padded == 576
    assert 1024 * (1024 // limits.synapses_per_group) * padded == 9 * limits.synapse_memory_bits_per_core
    assert target.energy.synaptic_op_pj == 23.6
    assert "pre-silicon" in target.energy_caveat
    assert "Davies et al. 2018" in target.provenance["compartments_per_core"].citation
    assert not target.provenance["compartments_per_core"].unverified


def test_disagreement_is_shown_not_hidden() -> None:
    for name in ("loihi1", "loihi2", "truenorth", "ranc"):
        target = load_target(name)
        doubtful = {field for field, entry in target.provenance.items() if entry.unverified}
        assert doubtful
        # a doubtful number names two sources, or says in a note why it is doubtful
        assert all(target.provenance[field].note or len(target.provenance[field].citations) > 1 for field in doubtful)
    assert load_target("loihi1").provenance["threshold_profiles_per_core"].unverified
    assert load_target("loihi2").provenance["threshold_profiles_per_core"].unverified
    assert load_target("truenorth").provenance["noise_mask_bits"].unverified
    assert load_target("ranc").provenance["grid_columns"].unverified


@pytest.mark.parametrize(
    ("name", "chip", "chips"),
    [("nahuku32", "loihi1", 32), ("pohoiki-springs", "loihi1", 768), ("ns16e", "truenorth", 16)],
)
def test_many_chips_are_each_the_chip(name: str, chip: str, chips: int) -> None:
    many, one = load_target(name), load_target(chip)
    assert isinstance(many, LoihiTarget | TrueNorthTarget)
    assert (many.limits.chips, many.limits.cores) == (chips, chips * many.limits.cores_per_chip)
    told_of_one = {**dict(one.limits), **dict(one.energy or ())}
    told = {**dict(many.limits), **dict(many.energy)}
    differ = {field for field in one.provenance if told[field] != told_of_one[field]}
    assert differ <= {"barrier_ns"}  # across many chips it takes longer
    same = {field: entry for field, entry in one.provenance.items() if field not in differ}
    assert all(many.provenance[field].citations == entry.citations for field, entry in same.items())


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"chips": 769}, "24 x 32) hold fewer chips than chips (769)"),
        ({"tile_rows": 0}, "tile_columns is 8, tile_rows is 0"),
        ({"tile_columns": 7}, "7 x 4 tiles of 4 cores hold 112 cores, cores_per_chip is 128"),
        ({"tile_columns": 0, "tile_rows": 0}, "chips is 768, and there is no mesh"),
        ({"board_columns": 5}, "boards of 5 x 4 chips do not fill a mesh of 24 x 32"),
    ],
)
def test_chips_stand_on_a_mesh_that_holds_them(changed: dict[str, int], what: str) -> None:
    text = BUNDLED["pohoiki-springs"].read_text()
    for field, value in changed.items():
        text, count = re.subn(rf"(  {field}:(?: {{|\n    )value: )\d+", rf"\g<1>{value}", text)
        assert count == 1
    (problem,) = refused(text)
    assert what in problem


def test_loihi2_guesses_no_energy() -> None:
    target = load_target("loihi2")
    assert isinstance(target, LoihiTarget)
    assert all(value is None for name, value in target.energy if not name.endswith("_ns"))
    stated = [name for name, value in target.energy if value is not None]
    assert all(target.provenance[name].unverified for name in stated)  # times of Loihi 1, for want of its own
    assert target.energy_caveat.startswith("No energy of a single operation has been published for Loihi 2")


def test_truenorth_is_the_chip_of_the_literature() -> None:
    limits = truenorth().limits
    assert limits.cores_per_chip == 4096
    assert limits.cores_per_chip * limits.neurons_per_core == 2**20
    assert limits.cores_per_chip * limits.neurons_per_core * limits.axons_per_core == 2**28
    assert "Cassidy et al. 2013" in truenorth().provenance["potential_bits"].citation


def test_both_readings_of_truenorth_s_power_meet_what_was_measured() -> None:
    # Merolla et al. 2014: a million neurons with 128 synapses each, at 0.775 V.
    energy = truenorth().energy
    assert energy.synaptic_event_pj is not None
    assert energy.static_mw_per_chip is not None
    assert energy.synaptic_event_with_static_pj is not None
    for rate_hz, measured_mw in ((11.58, 68.0), (20.07, 71.0), (95.93, 94.0)):
        events_per_s = 2**20 * 128 * rate_hz
        fitted_mw = energy.static_mw_per_chip + 1e-9 * energy.synaptic_event_pj * events_per_s
        assert fitted_mw == pytest.approx(measured_mw, rel=0.006)
    assert 1e-9 * energy.synaptic_event_with_static_pj * 2**20 * 128 * 20 == pytest.approx(72.0, rel=0.035)


def test_ranc_guesses_no_energy_and_is_deterministic() -> None:
    target = truenorth("ranc")
    assert all(value is None for _, value in target.energy)
    assert target.energy_caveat.startswith("No energy of a single operation has been published for RANC")
    limits = target.limits
    assert (limits.stochastic, limits.leak_reversal, limits.floor_saturates) == (False, False, False)
    assert limits.reset_modes == (0, 1)
    assert {9} == {limits.weight_bits, limits.leak_bits, limits.potential_bits, limits.threshold_bits + 1}


def test_both_loihis_do_the_same_arithmetic() -> None:
    one, two = load_target("loihi1"), load_target("loihi2")
    assert isinstance(one, LoihiTarget)
    assert isinstance(two, LoihiTarget)
    differ = {field for field, value in one.limits if getattr(two.limits, field) != value}
    assert differ == {
        "cores_per_chip",
        "compartments_per_core",
        "synapse_memory_bits_per_core",
        "spike_payload_bits",
        "lava_run_config",
        "places_on_mesh",  # the mesh of Loihi 2 is not published
    }


def test_aliases_and_paths(tmp_path: Path) -> None:
    assert load_target("loihi") is load_target("loihi2")
    assert load_target("ideal") is load_target("brian2")
    path = tmp_path / "mine.yml"
    path.write_text(edited(("name: loihi1", "name: mine"), ("{value: 1024, source", "{value: 512, source")))
    target = load_target(str(path))
    assert isinstance(target, LoihiTarget)
    assert (target.name, target.limits.compartments_per_core) == ("mine", 512)


@pytest.mark.parametrize(
    ("name", "near"),
    [("lohi1", "did you mean loihi1? "), ("brain2", "did you mean brian2? "), ("spinnaker", "")],
)
def test_unknown_name(name: str, near: str) -> None:
    names = "brian2, ideal, loihi1, loihi2, loihi, nahuku32, neurocorex, ns16e, pohoiki-springs, ranc, truenorth"
    listed = f"known targets: {names}; or give a path to a .yaml file"
    with pytest.raises(InputError) as caught:
        load_target(name)
    cure = f"{near}({listed})" if near else listed
    assert str(caught.value) == f"target: no target is named {name!r} [target-unknown]\n    cure: {cure}"


def test_path_that_does_not_exist() -> None:
    for name in ("none.yaml", "folder/none"):
        with pytest.raises(InputError) as caught:
            load_target(name)
        assert str(caught.value) == f"{name}: no such file [file-missing]\n    cure: check the path"


CORES = "  cores_per_chip: {value: 128, source: davies2018}"


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        (
            "  compartments_per_core:",
            "  compartments_per_cor:",
            "  compartments_per_cor:",
            "limits.compartments_per_cor: unknown field (got 1024) [field-unknown]"
            "\n    cure: did you mean compartments_per_core?",
        ),
        (
            CORES,
            "  cores_per_chip: {value: many, source: davies2018}",
            "  cores_per_chip:",
            "limits.cores_per_chip.value: should be a valid integer (got 'many')",
        ),
        (
            CORES,
            "  cores_per_chip: {value: 0, source: davies2018}",
            "  cores_per_chip:",
            "limits.cores_per_chip.value: should be greater than or equal to 1 (got 0)",
        ),
        (
            CORES,
            "  cores_per_chip: {value: 128, source: davis2018}",
            "  cores_per_chip:",
            "limits.cores_per_chip.source: there is no such source (got 'davis2018') [source-unknown]\n"
            "    cure: did you mean davies2018?",
        ),
        (
            CORES,
            "  cores_per_chip: {value: 128}",
            "  cores_per_chip:",
            "limits.cores_per_chip.source: is missing [field-missing]\n    cure: add it",
        ),
        (
            CORES,
            "  cores_per_chip: 128",
            "  cores_per_chip:",
            "limits.cores_per_chip: should be a mapping (got 128)",
        ),
        (
            "  synaptic_op_pj: {value: 23.6,",
            "  synaptic_op_pj: {value: -1,",
            "  synaptic_op_pj:",
            "energy.synaptic_op_pj.value: should be greater than or equal to 0 (got -1)",
        ),
        (
            "  - bias_mantissa_bits",
            "  - bias_bits",
            "  - bias_bits",
            "unverified[5]: there is no such field (got 'bias_bits') [field-unknown]"
            "\n    cure: did you mean bias_mantissa_bits?",
        ),
        (
            "kind: loihi",
            "kind: loih",
            "kind:",
            "kind: there is no kind 'loih' (got 'loih') [field-inconsistent]\n    cure: did you mean loihi?",
        ),
        (
            "kind: loihi",
            "knd: loihi",
            "#",
            "kind: is missing [field-missing]\n    cure: add it",
        ),
        (
            "[receive, bias, u, v, threshold, reset, send]",
            "[receive, bias, v, u, threshold, reset, send]",
            "limits:",
            "limits: step_order of a loihi must be receive, bias, u, v, threshold, reset, send",
        ),
        (
            "[0, 1, 2, 3, 4, 5, 6, 8]",
            "[0, 1, 2, 3, 4, 5, 8, 6]",
            "limits:",
            "limits: synapse_weight_bits_choices must rise, without repetition",
        ),
        (
            "    value: -7",
            "    value: 9",
            "limits:",
            "limits: weight_exponent_min (9) is above weight_exponent_max (7)",
        ),
        (
            "  shared_axons:\n    value: true",
            "  shared_axons:\n    value: false",
            "limits:",
            "limits: formats_share_axon is true, shared_axons is not",
        ),
    ],
)
def test_a_bad_file_names_line_field_and_cure(old: str, new: str, at: str, message: str) -> None:
    text = edited((old, new)) if old != "kind: loihi" else LOIHI1.replace(old, new)
    line = 1 if at == "#" else line_of(text, at)
    problems = refused(text)
    assert any(problem.startswith(f"mine.yaml:{line}: {message}") for problem in problems), problems
    assert all("\n    cure: " in problem for problem in problems)


def test_faults_of_several_kinds_come_together() -> None:
    text = edited(
        (CORES, "  cores_per_chip: {value: 1.5, source: nobody}"),
        ("  - delay_ticks_max\n", "  - delay\n"),
        ("  in_axons_per_core:", "  out_axon_per_core:"),
    )
    problems = refused(text)
    assert [problem.split(": ")[1] for problem in problems] == [
        "limits.in_axons_per_core",
        "limits.cores_per_chip.value",
        "limits.cores_per_chip.source",
        "limits.out_axon_per_core",
        "unverified[6]",
    ]


def test_a_file_may_name_the_kinds_built_in() -> None:
    built_in = {kind: schema.target for kind, schema in BUILT_IN.items()}
    assert built_in == {
        "loihi": LoihiTarget,
        "truenorth": TrueNorthTarget,
        "neurocorex": NeuroCoreXTarget,
        "ideal": IdealTarget,
    }
    assert known_kinds()[:4] == tuple(built_in)


@pytest.mark.parametrize(
    "change", [lambda t: setattr(t.limits, "cores_per_chip", 1), lambda t: setattr(t, "name", "x")]
)
def test_a_target_cannot_be_changed(change: Callable[[Target], None]) -> None:
    target = load_target("loihi1")
    with pytest.raises(Exception, match=r"frozen|cannot assign"):
        change(target)
    assert isinstance(target, LoihiTarget)
    assert target.limits.cores_per_chip == 128


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: [0, 1, 2, 3, 4, 5, 6, 8]", "value: [0, 1, 2, 3, 4, 5, 6]", "synapse_weight_bits_choices end at 6"),
        ("voltage_bits: {value: 24", "voltage_bits: {value: 23", r"is beyond voltage_bits \(23\)"),
        ("spike_payload_bits: {value: 0", "spike_payload_bits: {value: 1", "spike_payload_bits must be 0, or 2"),
        ("filter_stages: {value: 1", "filter_stages: {value: 2", r"filter_stages of a loihi must be 1 \(got 2\)"),
        ("current_bits: {value: 24", "current_bits: {value: 40", r"less than or equal to 32 \(got 40\)"),
        ("decay_bits: {value: 12", "decay_bits: {value: 31", r"less than or equal to 30 \(got 31\)"),
        (
            "synapse_delay_bits:\n    value: 6",
            "synapse_delay_bits:\n    value: 5",
            r"\(62\) is beyond synapse_delay_bits",
        ),
    ],
)
def test_number_formats_that_contradict_each_other_or_fit_no_register(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_target(edited((old, new)), "mine.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "threshold_bits: {value: 18",
            "threshold_bits: {value: 20",
            r"threshold_bits \(20, unsigned\) is beyond pot",
        ),
        ("floor_bits: {value: 18", "floor_bits: {value: 20", r"floor_bits \(20, unsigned\) is beyond potential_bits"),
        ("potential_bits: {value: 20", "potential_bits: {value: 19", r"reset_potential_bits \(20\) is beyond pot"),
        ("spike_delay_ticks: {value: 1", "spike_delay_ticks: {value: 16", r"\(16\) is beyond delay_ticks_max \(15\)"),
        ("stochastic: {value: true", "stochastic: {value: false", "noise_mask_bits is 8, stochastic is false"),
        ("reset_modes: {value: [0, 1, 2]", "reset_modes: {value: [0, 2, 1]", "reset_modes must rise"),
        ("reset_modes: {value: [0, 1, 2]", "reset_modes: {value: [0, 1, 3]", r"less than or equal to 2 \(got 3\)"),
        ("leak_reversal: {value: true", "leak_reversal: {value: 1", r"should be true or false \(got 1\)"),
        ("grid_rows: {value: 64", "grid_rows: {value: 0", r"greater than or equal to 1 \(got 0\)"),
    ],
)
def test_cores_that_contradict_themselves(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_target(edited((old, new), text=TRUENORTH), "mine.yaml")
