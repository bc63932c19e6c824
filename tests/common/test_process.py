"""The state of the process: set while a call runs, put back after it, however calls nest, overlap and end."""

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from neurocmc.common.files import replace_directory, write_file
from neurocmc.common.process import child_environment, known_state


def torch_state() -> tuple[object, ...]:
    return (
        torch.get_default_dtype(),
        torch.empty(0).device.type,
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_float32_matmul_precision(),
        torch.get_rng_state().sum().item() if torch.empty(0).device.type == "cpu" else None,
    )


@pytest.fixture
def changed_torch() -> object:
    """A caller who computes in double precision on no device, without gradients."""
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("changed_torch")
def test_torch_is_as_it_starts_and_then_as_it_was() -> None:
    with torch.inference_mode():
        before = torch_state()
        with known_state():
            assert torch_state()[:5] == (torch.float32, "cpu", True, False, "highest")
            weight = torch.ones(2, requires_grad=True)
            weight.sum().backward()
            assert weight.grad is not None
            with known_state():
                assert torch_state()[:5] == (torch.float32, "cpu", True, False, "highest")
            assert torch_state()[:5] == (torch.float32, "cpu", True, False, "highest")
        assert torch_state() == before
        with pytest.raises(KeyError, match="on the way"), known_state():
            raise KeyError("on the way")
        assert torch_state() == before


def test_torch_adds_up_in_one_thread() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with known_state():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_autocast_and_random_numbers_are_the_callers() -> None:
    torch.manual_seed(5)
    with torch.autocast("cpu", dtype=torch.bfloat16), known_state():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32
        torch.rand(3)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1))


def test_arithmetic_is_numpys_own() -> None:
    with np.errstate(all="raise"):
        before = np.geterr()
        with known_state():
            assert np.exp(np.float64(-800.0)) == 0.0
            with pytest.warns(RuntimeWarning, match="divide by zero"):
                np.ones(1) / np.zeros(1)
        assert np.geterr() == before


@known_state()
def warned(module: str, category: type[Warning]) -> None:
    warnings.warn_explicit("old", category, "file.py", 1, module=module)


@pytest.mark.parametrize("category", [DeprecationWarning, UserWarning, RuntimeWarning])
def test_warnings_of_others_end_nothing_and_ours_count(category: type[Warning]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        for module in ("brian2.core", "pyparsing", "numba.core", "neurocmcs"):
            warned(module, category)
        for module in ("neurocmc.sim.rate", "neurocmc", "__main__"):
            with pytest.raises(category, match="old"):
                warned(module, category)
        assert warnings.filters == before
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with pytest.warns(category, match="old"):  # what is no error is shown to whoever wants to see it
            warned("brian2.core", category)


@pytest.mark.usefixtures("changed_torch")
def test_the_last_call_of_several_threads_puts_back() -> None:
    inside, leave, seen = threading.Barrier(2), threading.Event(), []

    def first() -> None:
        with known_state():
            inside.wait()
        leave.set()

    thread = threading.Thread(target=first)
    thread.start()
    with known_state():
        inside.wait()
        leave.wait()
        seen.append(torch.get_default_dtype())
    thread.join()
    seen.append(torch.get_default_dtype())
    assert seen == [torch.float32, torch.float64]


def test_a_module_loaded_on_the_way_is_set_from_the_next_entry_on() -> None:
    """Nothing is imported to be set: a caller without numpy and torch does not get them."""
    script = (
        "import sys\n"
        "from neurocmc.common.process import known_state\n"
        "with known_state():\n"
        "    print(sorted({'numpy', 'torch'} & set(sys.modules)))\n"
        "    import torch\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    with known_state():\n"
        "        print(torch.get_default_dtype())\n"
        "print(torch.get_default_dtype())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "torch.float32", "torch.float64"]


def test_children_run_as_python_runs() -> None:
    """`-W error` by environment would end a Brian2 script at its import of pyparsing."""
    os.environ["PYTHONWARNINGS"], os.environ["NEUROCMC_TEST"] = "error", "kept"
    try:
        environment = child_environment()
    finally:
        del os.environ["PYTHONWARNINGS"], os.environ["NEUROCMC_TEST"]
    assert "PYTHONWARNINGS" not in environment
    assert environment["NEUROCMC_TEST"] == "kept"


def test_the_mode_mask_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to all threads: files that another one makes in that moment would be open to everybody."""

    def touched(mask: int) -> int:
        raise AssertionError(f"umask({mask})")

    monkeypatch.setattr(os, "umask", touched)
    write_file(tmp_path / "file", "text")
    with replace_directory(tmp_path / "folder") as folder:
        (folder / "a").touch()


def test_a_working_directory_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    with replace_directory(tmp_path / "folder") as folder:
        (folder / "a").touch()
    assert (tmp_path / "folder" / "a").is_file()
