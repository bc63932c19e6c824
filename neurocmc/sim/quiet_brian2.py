"""Imports Brian2 without what its import does to the process around it, and sets its preferences for a run.

`import brian2` opens a debug log and a copy of the running script in the temporary directory, sends all Python
warnings through its own logger, replaces `sys.excepthook` and takes over interrupts, which only the main thread may
do. A compiler that uses Brian2 for one of its levels must leave the process of its user alone; so all of them are
undone, unless the user imported Brian2 first, for then they are the user's choice. Preferences that change what a
simulation computes have Brian2's own values while we run one, whatever the user, a file in the home or one in the
working directory says; those of compilers are the user's.
"""

import logging
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from neurocmc.common.process import known_state

LOCK = threading.RLock()  # Brian2 has one device and one set of preferences for the whole process
_COMPUTED = ("core.", "legacy.", "codegen.runtime.numpy.")
_COMPUTED_ALSO = ("codegen.loop_invariant_optimisations", "codegen.string_expression_target")
_INTERRUPTS = "core.stop_on_keyboard_interrupt"  # a run that ends early is no result


@contextmanager
def _process_left_alone() -> Generator[None]:
    """The process as it was before the import in the body."""
    excepthook, showwarning, argv = sys.excepthook, warnings.showwarning, sys.argv
    set_handler, here = signal.signal, threading.get_ident()

    def elsewhere(number: Any, handler: Any) -> Any:
        if threading.get_ident() == here:
            return signal.getsignal(number)
        return set_handler(number, handler)

    signal.signal = elsewhere
    sys.argv = argv or [""]  # a program that embeds Python need not have any
    try:
        yield
    finally:
        signal.signal = set_handler
        sys.argv, sys.excepthook = argv, excepthook
        if warnings.showwarning is not showwarning:
            logging.captureWarnings(False)


if "brian2" in sys.modules:
    import brian2
else:
    with known_state(), _process_left_alone():
        import brian2
    from brian2.utils.logger import BrianLogger

    _console: Any = BrianLogger.console_handler
    logging.getLogger("py.warnings").removeHandler(_console)
    if BrianLogger.file_handler is not None:
        logging.getLogger("brian2").removeHandler(BrianLogger.file_handler)
        BrianLogger.file_handler.close()
        BrianLogger.file_handler = None
    for _file in (BrianLogger.tmp_log, BrianLogger.tmp_script):
        if _file is not None:
            Path(_file).unlink(missing_ok=True)
    BrianLogger.tmp_log = BrianLogger.tmp_script = None
    brian2.prefs["logging.file_log"] = False
    brian2.prefs["logging.save_script"] = False

reset_device: Callable[[], None] = import_module("brian2.devices.device").reset_device


@contextmanager
def own_preferences(target: str) -> Generator[None]:
    """Runs the body with Brian2's own values for what a simulation computes, generating code for `target`."""
    defaults = {
        f"{group}.{name}": preference.default
        for group, (preferences, _) in brian2.prefs.pref_register.items()
        for name, preference in preferences.items()
    }
    wanted = {name: value for name, value in defaults.items() if name.startswith(_COMPUTED) or name in _COMPUTED_ALSO}
    wanted |= {_INTERRUPTS: False, "codegen.target": target}
    before = {name: brian2.prefs[name] for name in wanted}
    try:
        for name, value in wanted.items():
            brian2.prefs[name] = value
        yield
    finally:
        for name, value in before.items():
            brian2.prefs[name] = value


__all__ = ["LOCK", "brian2", "own_preferences", "reset_device"]
