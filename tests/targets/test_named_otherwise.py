"""A target's name decides nothing: a copy under another name gives the same program, but for that name."""

import re
from pathlib import Path

import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_folder
from neurocmc.pipeline.compile import CompileOptions, compile_model
from neurocmc.targets import known_targets, load_target, parse_target
from tests.cli.running import listing

ROOT = Path(__file__).parents[2]
CIRCUIT = ROOT / "examples" / "circuit.yaml"
WITHOUT_FILTERS = ROOT / "tests" / "neurocorex" / "swta.yaml"  # for a target whose neurons have none


def copied(name: str, folder: Path) -> Path:
    """The bundled file as a person copies it: another name, no aliases."""
    text = (resource_folder("targets") / f"{name}.yaml").read_text("utf-8")
    named = re.sub(rf"^name: {name}$", "name: mine", text, flags=re.MULTILINE)
    assert named != text
    path = folder / "copy.yaml"
    path.write_text(re.sub(r"^aliases: .*\n", "", named, flags=re.MULTILINE), "utf-8")
    return path


@pytest.mark.parametrize("name", known_targets())
def test_a_copy_under_another_name_emits_the_same_program(name: str, tmp_path: Path) -> None:
    circuit, neurons = (CIRCUIT, 16) if load_target(name).filter_stages else (WITHOUT_FILTERS, 12)
    options = CompileOptions(neurons=neurons, figures=False)
    compile_model(circuit, name, tmp_path / "bundled", options)
    compile_model(circuit, str(copied(name, tmp_path)), tmp_path / "copy", options)
    bundled, copy = (listing(tmp_path / folder / "program") for folder in ("bundled", "copy"))
    assert bundled.keys() == copy.keys()
    assert bundled
    for file, content in copy.items():
        assert re.sub(rb"\bmine\b", name.encode(), content) == bundled[file], file


@pytest.mark.parametrize("name", ["loihi1", "loihi2"])
def test_the_run_configuration_is_the_one_that_the_target_states(name: str, tmp_path: Path) -> None:
    text = (resource_folder("targets") / f"{name}.yaml").read_text("utf-8")
    other = "Loihi2SimCfg" if name == "loihi1" else "Loihi1SimCfg"
    swapped = re.sub(r"value: Loihi[12]SimCfg", f"value: {other}", text)
    assert swapped != text
    target = parse_target(swapped, "swapped.yaml")
    options = CompileOptions(neurons=8, figures=False)
    compile_model(CIRCUIT, target, tmp_path / "out", options)
    program = (tmp_path / "out" / "program" / "run.py").read_text("utf-8")
    assert f"import {other}  # noqa" in program
    assert load_target(name) != target


def test_a_run_configuration_that_lava_has_not_is_refused() -> None:
    text = (resource_folder("targets") / "loihi1.yaml").read_text("utf-8")
    told = r"limits\.lava_run_config\.value: should be 'Loihi1SimCfg' or 'Loihi2SimCfg'"
    with pytest.raises(InputError, match=told):
        parse_target(text.replace("value: Loihi1SimCfg", "value: Loihi3SimCfg"), "mine.yaml")
