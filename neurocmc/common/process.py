"""Sets the state of the process that results depend on for the time of a call, and puts the caller's back.

What numpy, torch and the warnings filter do can be changed by whoever shares the process: a notebook that raises on
every underflow, a training script in double precision, `python -W error`. A call of neurocmc works in the state that
Python starts with, and leaves the one that it found. Brian2 and matplotlib have theirs set where they are used.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

# Whose warnings are not ours to mend: everybody but us and the caller's own script.
THIRD_PARTIES = r"(?!neurocmc(\.|$)|__main__$)"
_OTHERWISE = ("PYTHONDEVMODE", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONVERBOSE", "PYTHONWARNINGS")


@contextmanager
def known_state() -> Generator[None]:
    """Runs the body in the state that Python starts with; may be entered again, and by several threads at once."""
    with _SHARED.held(), ExitStack() as own:
        for name, setting in _OF_A_THREAD.items():
            if (module := _loaded(name)) is not None:
                own.enter_context(setting(module))
        yield


def child_environment() -> dict[str, str]:
    """Returns the environment for a program in a Python of its own, without what would make it run otherwise."""
    return {name: value for name, value in os.environ.items() if name not in _OTHERWISE}


def _loaded(name: str) -> Any:
    """A module that is imported already, or None: what is not has no state of the caller's."""
    module = sys.modules.get(name)
    # Another thread may be in the middle of it.
    return None if getattr(getattr(module, "__spec__", None), "_initializing", False) else module


def _numpy_of_this_thread(numpy: Any) -> Any:
    """Underflow is silent, the other errors of floating point are warnings."""
    return numpy.errstate(divide="warn", over="warn", under="ignore", invalid="warn")


@contextmanager
def _torch_of_this_thread(torch: Any) -> Generator[None]:
    """Gradients on, outside inference mode and autocast, new tensors on the processor, random numbers undisturbed.

    And one thread: with more, a layer's sums are rounded otherwise, and with them the drives that an image becomes.
    """
    with ExitStack() as own:
        if (threads := torch.get_num_threads()) != 1:
            own.callback(torch.set_num_threads, threads)
            torch.set_num_threads(1)
        own.enter_context(torch.inference_mode(False))
        own.enter_context(torch.enable_grad())
        own.enter_context(torch.autocast("cpu", enabled=False))
        if torch.empty(0).device.type != "cpu":  # asked first: a device set so costs every call a little
            own.enter_context(torch.device("cpu"))
        own.enter_context(torch.random.fork_rng(devices=[]))
        yield


@contextmanager
def _torch_of_all_threads(torch: Any) -> Generator[None]:
    """float32 by default, and matrices multiplied in full precision."""
    dtype, precision = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    with ExitStack() as own:
        if dtype != torch.float32:
            own.callback(torch.set_default_dtype, dtype)
            torch.set_default_dtype(torch.float32)
        if precision != "highest":
            own.callback(torch.set_float32_matmul_precision, precision)
            torch.set_float32_matmul_precision("highest")
        yield


@contextmanager
def _warnings_of_others() -> Generator[None]:
    """Warnings of other packages are no errors; ours are what the caller made of them."""
    raised = set[type[Warning]]()
    for action, _, category, _, _ in warnings.filters:
        if action == "error":
            raised.update(category if isinstance(category, tuple) else (category,))
    if not raised:
        yield
        return
    with warnings.catch_warnings():
        for category in sorted(raised, key=lambda kind: kind.__name__):
            warnings.filterwarnings("ignore", category=category, module=THIRD_PARTIES)
        yield


class _Shared:
    """State that all threads share: set by the first call that enters, put back by the last one that leaves."""

    def __init__(self, settings: Mapping[str, Callable[[Any], Any]]) -> None:
        self._settings = settings  # module that must be loaded -> its context manager
        self._lock = threading.Lock()
        self._calls = 0
        self._set: set[str] = set()
        self._before = ExitStack()

    @contextmanager
    def held(self) -> Generator[None]:
        with self._lock:
            self._calls += 1
            for name, setting in self._settings.items():
                if name not in self._set and (module := _loaded(name)) is not None:
                    self._before.enter_context(setting(module))
                    self._set.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._before.close()
                    self._set.clear()


# Module -> its context manager; what is not imported yet is not looked at.
_OF_A_THREAD: Mapping[str, Callable[[Any], Any]] = {"numpy": _numpy_of_this_thread, "torch": _torch_of_this_thread}
_SHARED = _Shared({"warnings": lambda _: _warnings_of_others(), "torch": _torch_of_all_threads})
