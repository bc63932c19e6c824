"""Cells of torch, written in many ways, are recognised by what they compute; what is none is refused with why."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402

import neurocmc  # noqa: E402
from neurocmc.common.errors import InputError  # noqa: E402
from neurocmc.frontends.torch_cell import cell_of, layers_of  # noqa: E402

UNITS, INPUTS = 16, 3
RESIDUAL = 1e-12


class Leaky(nn.Module):
    """Written with two linear layers, the filter behind the nonlinearity."""

    hidden_size = UNITS

    def __init__(self, activation: Callable[[Tensor], Tensor] = torch.tanh, alpha: float = 0.3) -> None:
        super().__init__()
        self.recurrent, self.enter = nn.Linear(UNITS, UNITS), nn.Linear(INPUTS, UNITS, bias=False)
        self.activation, self.alpha = activation, alpha

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return (1 - self.alpha) * h + self.alpha * self.activation(self.recurrent(h) + self.enter(x))


class Potential(Leaky):
    """The filter before the nonlinearity, as tau du/dt = -u + W phi(u) + I has it, by Euler."""

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return h + self.alpha * (-h + self.recurrent(self.activation(h)) + self.enter(x))


class Dale(nn.Module):
    """Excitatory and inhibitory units with time constants of their own; signs by a mask on what is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = UNITS
        self.strength = nn.Parameter(torch.randn(UNITS, UNITS) / UNITS**0.5)
        self.enter = nn.Parameter(torch.randn(INPUTS, UNITS))
        self.rest = nn.Parameter(0.1 * torch.randn(UNITS))
        self.register_buffer("sign", torch.tensor([1.0] * 12 + [-1.0] * 4))
        self.register_buffer("alpha", torch.tensor([0.1] * 12 + [0.3] * 4))

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        drive = h @ (self.strength.abs() * self.sign).T + x @ self.enter + self.rest
        return torch.lerp(h, torch.relu(drive), self.alpha)


class Ended(Leaky):
    """A rectifier that ends at 1, and an output beside the state."""

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        new = (1 - self.alpha) * h + self.alpha * torch.clamp(self.recurrent(h) + self.enter(x), 0, 1)
        return new.sum(dim=-1), new


class TwoMatrices(Leaky):
    """Two hidden matrices, one of them behind a rectifier of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Linear(UNITS, UNITS)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return 0.5 * h + 0.5 * torch.tanh(self.recurrent(h) + self.other(torch.relu(h)) + self.enter(x))


class Noisy(Leaky):
    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return super().forward(x, h) + 0.01 * torch.randn_like(h)


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make()


RECOGNISED: dict[str, tuple[Callable[[], nn.Module], str, list[tuple[str, float]]]] = {
    "leaky tanh": (Leaky, "filter-after", [("tanh", 0.3)]),
    "potential": (lambda: Potential(torch.sigmoid), "filter-before", [("sigmoid", 0.3)]),
    "dale": (Dale, "filter-after", [("relu", 0.1), ("relu", 0.3)]),
    "ended": (Ended, "filter-after", [("relu", 0.3)]),
    "nn.RNN": (lambda: nn.RNN(INPUTS, UNITS, batch_first=True), "filter-after", [("tanh", 1.0)]),
    "nn.RNNCell": (lambda: nn.RNNCell(INPUTS, UNITS, nonlinearity="relu"), "filter-after", [("relu", 1.0)]),
    "no memory, before": (lambda: Potential(torch.tanh, 1.0), "filter-before", [("tanh", 1.0)]),
}


@pytest.mark.parametrize("name", RECOGNISED)
def test_a_cell_is_recognised(name: str) -> None:
    make, form, populations = RECOGNISED[name]
    module = seeded(make)
    cell, difference = cell_of(module, INPUTS, np.zeros(UNITS), None)
    assert difference <= RESIDUAL
    assert cell.form == form
    found = [(p.activation, pytest.approx(p.fraction, abs=1e-7)) for p in cell.populations]
    assert [(activation, fraction) for activation, fraction in populations] == found
    assert cell.problems() == ()
    assert [p.saturation for p in cell.populations] == [pytest.approx(1.0) if name == "ended" else np.inf] * len(
        found
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.GRUCell(INPUTS, UNITS), "a GRUCell has gates"),
        (lambda: nn.LSTM(INPUTS, UNITS), "a LSTM has gates"),
        (lambda: nn.RNN(INPUTS, UNITS, num_layers=2), "several layers or directions"),
        (TwoMatrices, "is not weighed by one slope"),
        (Noisy, "it is random"),
        (lambda: Leaky(nn.functional.gelu), "is none of relu, tanh, sigmoid, softplus and linear"),
        (lambda: nn.Linear(INPUTS, UNITS), f"a step of {INPUTS} inputs and {UNITS} units fails"),
    ],
)
def test_what_is_no_such_cell_is_refused_by_what_does_not_fit(make: Callable[[], nn.Module], says: str) -> None:
    with pytest.raises(InputError) as refused:
        cell_of(seeded(make), INPUTS, np.zeros(UNITS), None)
    (problem,) = refused.value.problems
    assert problem.id == "module-not-recognised"
    assert says in problem.what


def test_gates_are_found_in_a_cell_that_does_not_bear_their_name() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.GRUCell(INPUTS, UNITS)

        def forward(self, x: Tensor, h: Tensor) -> Tensor:
            return self.inner(x, h)

    with pytest.raises(InputError, match="multiplied by one another"):
        cell_of(seeded(Gated), INPUTS, np.zeros(UNITS), None)


@pytest.mark.parametrize("name", ["leaky tanh", "potential", "dale", "nn.RNN"])
def test_every_parameter_dropped_in_turn_changes_what_is_recognised(name: str) -> None:
    module = seeded(RECOGNISED[name][0])
    whole, _ = cell_of(module, INPUTS, np.zeros(UNITS), None)
    x, h = np.ones((1, INPUTS)), np.linspace(-0.5, 0.8, UNITS)[None]
    for parameter, _ in module.named_parameters():
        less = deepcopy(module)
        with torch.no_grad():
            dict(less.named_parameters())[parameter].zero_()
        own = less.double()
        stepped = (
            own(torch.tensor(x)[:, None], torch.tensor(h)[None])[1][0]
            if name == "nn.RNN"
            else own(torch.tensor(x), torch.tensor(h))
        )
        assert np.abs(stepped.detach().numpy() - whole.step(x, h)).max() > 1e-3, parameter


def test_a_parameter_that_no_step_uses_is_refused_unless_it_is_the_readout() -> None:
    class WithReadout(Leaky):
        def __init__(self) -> None:
            super().__init__()
            self.answer = nn.Linear(UNITS, 4)

    module = seeded(WithReadout)
    with pytest.raises(InputError) as refused:
        cell_of(module, INPUTS, np.zeros(UNITS), None)
    assert refused.value.problems[0].id == "parameter-unused"
    assert "answer.weight, answer.bias" in refused.value.problems[0].what
    assert isinstance(module, WithReadout)
    assert cell_of(module, INPUTS, np.zeros(UNITS), module.answer)[1] <= RESIDUAL


def test_a_readout_is_affine_layers_with_rectifiers_between() -> None:
    layers = layers_of(nn.Sequential(nn.Linear(UNITS, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3)), UNITS)
    assert [(layer.weight.shape, layer.rectify) for layer in layers] == [((8, UNITS), True), ((3, 8), False)]
    for wrong in (nn.Sequential(nn.Linear(UNITS, 3), nn.Tanh()), nn.Linear(5, 3), nn.ReLU(), nn.LayerNorm(UNITS)):
        with pytest.raises(InputError, match="module-not-recognised"):
            layers_of(wrong, UNITS)


def test_a_state_dict_is_told_from_a_module() -> None:
    with pytest.raises(InputError, match="got OrderedDict, which is not an nn"):
        neurocmc.from_torch(Leaky().state_dict(), calibration=np.zeros((1, 2, INPUTS)))


def test_a_potential_is_not_read_as_a_rate() -> None:
    with pytest.raises(InputError, match=r"units send phi\(h\)"):
        neurocmc.from_torch(seeded(Potential), calibration=np.zeros((1, 2, INPUTS)), readout=nn.Linear(UNITS, 2))


@pytest.mark.slow
def test_a_trained_cell_keeps_its_decisions_and_the_artifact_alone_says_so(tmp_path: Path) -> None:
    """Which of three inputs was on more often: a leaky tanh cell, trained for some seconds."""
    rng = np.random.default_rng(0)
    inputs = (rng.random((400, 12, INPUTS)) < 0.4).astype(np.float64)
    answers = inputs.sum(axis=1).argmax(axis=1)
    module, answer = seeded(Leaky), seeded(lambda: nn.Linear(UNITS, INPUTS))
    optimiser = torch.optim.Adam([*module.parameters(), *answer.parameters()], 0.01)
    x, y = torch.tensor(inputs[:300], dtype=torch.float32), torch.tensor(answers[:300])
    for _ in range(150):
        h = torch.zeros(len(x), UNITS)
        for step in range(x.shape[1]):
            h = module(x[:, step], h)
        optimiser.zero_grad()
        nn.functional.cross_entropy(answer(h), y).backward()
        optimiser.step()
    model = neurocmc.from_torch(
        module, calibration=inputs[:300], test=inputs[300:], labels=answers[300:], readout=answer, dt_ms=5.0
    )
    assert model.facts["activation"] == "tanh"
    neurocmc.compile(model, target="loihi1", out=tmp_path / "build", neurons=64, figures=False)
    edges = {(edge.name, edge.quantity): edge for edge in neurocmc.verify(tmp_path / "build", figures=False).edges}
    followed = edges["torch ~ rate", "largest difference of trajectories"]
    assert followed.value is not None
    assert followed.value < 1e-5
    kept = edges["rate ~ emulator", "decisions agree (class)"]
    assert kept.value is not None
    assert kept.value >= 0.97


class Unnamed(nn.Module):
    """Does not say how many units it has."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.RNNCell(INPUTS, UNITS)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.inner(x, h)


def test_a_sample_says_how_many_units_there_are() -> None:
    cell, inputs = seeded(Unnamed), torch.zeros(3, 5, INPUTS)
    model = neurocmc.from_torch(cell, calibration=torch.randn(3, 5, INPUTS), sample=(inputs[0], torch.zeros(UNITS)))
    assert model.circuit.units == UNITS
    with pytest.raises(InputError, match="does not say how many units it has"):
        neurocmc.from_torch(cell, calibration=inputs, sample=inputs[0])


@pytest.mark.parametrize("sample", ["x", (torch.zeros(3),) * 3, torch.zeros(1, 1, 1)])
def test_what_is_no_sample_is_refused(sample: object) -> None:
    with pytest.raises(InputError, match="it is neither an input nor a pair of an input and a state"):
        neurocmc.from_torch(seeded(Leaky), calibration=torch.randn(3, 5, INPUTS), sample=sample)
