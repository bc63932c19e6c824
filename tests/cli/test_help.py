"""Help: every command has an example, and every example is a command line that neurocmc takes."""

import re
import shlex
import subprocess
import sys

import pytest
from typer.main import get_command

from neurocmc.cli.main import app
from tests.cli.running import run, run_process

COMMANDS = (
    "models",
    "new",
    "train",
    "study",
    "inspect",
    "compile",
    "simulate",
    "verify",
    "robustness",
    "sweep",
    "show",
    "diff",
    "export",
    "budget",
    "targets",
    "demo",
    "doctor",
)


def examples(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("neurocmc ")]


def test_the_commands_are_those_of_the_manual() -> None:
    assert tuple(get_command(app).commands) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_examples_that_are_valid(name: str) -> None:
    shown = run(name, "--help")
    assert shown.code == 0
    assert "Example" in shown.out
    found = examples(shown.out)
    assert found
    command = get_command(app).commands[name]
    for line in found:
        program, called, *arguments = shlex.split(line)
        assert (program, called) == ("neurocmc", name)
        with command.make_context(name, arguments) as context:  # a wrong option or a missing argument raises
            assert context.params


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_speak_json(name: str) -> None:
    assert "--json" in run(name, "--help").out


def test_help_of_the_whole_tells_exit_codes_and_an_example() -> None:
    text = " ".join(run("--help").out.split())
    assert "0 done, 1 a fidelity budget is missed, 2 bad input or infeasible" in text
    assert "Example: neurocmc compile swta-digits --target loihi1 -o build" in text


def test_without_a_terminal_the_page_is_100_wide_and_plain() -> None:
    shown = run_process("compile", "--help", COLUMNS="40")
    assert shown.code == 0
    assert {len(line) for line in shown.out.splitlines()} == {0, 100}
    assert "\x1b" not in shown.out


def test_version() -> None:
    shown = run("--version")
    assert shown.code == 0
    assert re.fullmatch(r"neurocmc \d+\.\d+\.\d+\S*\n", shown.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("inspect",),
        ("inspect", "--bogus", "m.pt"),
        ("compile", "m.pt", "-o", "d"),
        ("compile", "m.pt", "--target", "loihi1", "-o", "d", "--code", "burst"),
        ("compile", "m.pt", "--target", "loihi1", "-o", "d", "--neurons", "many"),
        ("simulate", "d", "--on", "paper", "-o", "o.npz"),
        (),
    ],
)
def test_what_is_not_a_command_line_is_exit_2(arguments: tuple[str, ...]) -> None:
    shown = run(*arguments)
    assert shown.code == 2
    assert "Usage: neurocmc" in shown.err + shown.out


LOADED = """
import sys
sys.argv = ["neurocmc", *{arguments!r}]
from neurocmc.cli.main import run
try:
    run()
except SystemExit as leaving:
    assert not leaving.code, leaving.code
print(sorted(set(sys.modules) & {{"torch", "brian2", "matplotlib", "numba", "scipy", "numpy"}}))
"""


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [(["--help"], "[]"), (["compile", "--help"], "[]"), (["--version"], "[]"), (["targets"], "[]")],
)
def test_starting_loads_nothing_heavy(arguments: list[str], allowed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == allowed
