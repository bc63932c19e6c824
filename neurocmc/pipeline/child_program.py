"""Runs an emitted program in an interpreter of its own, under a time limit, and never outlived by it."""

import subprocess
from pathlib import Path

from neurocmc.common.process import child_environment
from neurocmc.common.system import apart, end_all
from neurocmc.verification.edges import Edge, failed, not_run

ISOLATED = "-I"  # no module is looked for beside the script, and no variable of the environment is obeyed
LIMIT_S = 300
QUANTITY = "spikes that differ"


def edge_unless_run(name: str, command: list[str], folder: Path) -> Edge | None:
    """Runs a program under a time limit, with all its children; returns an edge with the reason where it fails.

    A program that fails is a miss: it is what was emitted. One that could not be started, or did not end in time, was
    not judged.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            **apart(),
        )
    except OSError as error:
        return not_run(name, QUANTITY, f"{command[0]} cannot be run: {error.strerror}")
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    except BaseException as error:
        # It has a session of its own: an interrupt of ours does not reach it, and it must not outlive us.
        end_all(process)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            return not_run(name, QUANTITY, f"it took more than {LIMIT_S} s")
        raise
    last = output.strip().splitlines()[-1:] or ["it said nothing"]
    if not process.returncode:
        return None
    if "No module named 'lava'" in last[0]:
        return not_run(name, QUANTITY, f"{command[0]} has no lava-nc: {last[0]}")
    if "ModuleNotFoundError: No module named" in last[0]:  # it is on PYTHONPATH, or among the user's own packages
        return not_run(name, QUANTITY, f"{command[0]}, isolated from its environment, lacks a module: {last[0]}")
    return failed(name, QUANTITY, f"program/run.py failed: {last[0]}")
