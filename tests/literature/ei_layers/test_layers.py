"""The layer in torch: what its start gives, its gradients, its guard, and that it is the layer of the arrays."""

import numpy as np
import pytest
import torch

from neurocmc.common.errors import InputError
from neurocmc.literature.ei_layers.layers import EiLinear, guarded, spikes_over_time
from neurocmc.literature.ei_layers.recipe import Division, LayersRecipe

from .small import images

EI, PLAIN = LayersRecipe(), LayersRecipe(gradient="plain")


def started(division: Division, inputs: int = 400, units: int = 400, recipe: LayersRecipe = EI) -> EiLinear:
    torch.manual_seed(0)
    layer = EiLinear(inputs, units, division, recipe)
    layer.start(torch.rand(300, inputs))
    return layer


@pytest.mark.parametrize("division", ["each", "one", "held"])
def test_the_start_gives_currents_a_mean_of_0_and_a_variance_of_1(division: Division) -> None:
    layer = started(division)
    with torch.no_grad():
        currents = layer(torch.rand(300, 400))
    assert abs(float(currents.mean())) < 0.2  # the shared inhibition has a spread of its own
    assert 0.9 < float(currents.var()) < 1.15


def test_the_start_makes_the_denominator_the_spread_of_the_inputs() -> None:
    layer = started("each")
    seen = torch.rand(300, 400)
    with torch.no_grad():
        denominators = (layer.g_i * (seen @ layer.w_ie.T)) @ layer.w_ei.T
    assert float(denominators.mean()) == pytest.approx(float(seen.std()), rel=0.02)
    assert float(started("held").held) == pytest.approx(float(seen.std()), rel=0.02)


def test_the_weights_of_the_start_are_exponential() -> None:
    layer = started("each")
    for weight in (layer.w_ee.detach(), layer.w_ie.detach()):
        assert float(weight.std()) == pytest.approx(float(weight.mean()), rel=0.02)
        assert float(weight.min()) >= 0.0
    seen = torch.rand(300, 400)
    wanted = (seen.var() / (400 * (seen**2).mean())) ** 0.5
    assert float(layer.w_ee.detach().mean()) == pytest.approx(float(wanted), rel=0.03)


@pytest.mark.parametrize("nothing", [0.0, 0.5])
def test_images_without_variance_start_nothing(nothing: float) -> None:
    with pytest.raises(InputError, match="no variance") as caught:
        EiLinear(5, 8, "each", EI).start(torch.full((10, 5), nothing))
    assert caught.value.problems[0].cure


def test_the_gradient_of_shared_inhibition_is_divided_by_the_inputs_and_no_other() -> None:
    seen = torch.rand(20, 40)
    gradients: list[dict[str, torch.Tensor]] = []
    for recipe in (EI, PLAIN):
        layer = started("each", 40, 8, recipe)
        layer(seen).square().sum().backward()
        gradients.append({name: value.grad for name, value in layer.named_parameters() if value.grad is not None})
    scaled, plain = gradients
    assert plain.keys() == {"w_ee", "w_ie", "w_ei", "g_e", "g_i", "bias"}
    for name in plain:
        assert torch.allclose(scaled[name] * (40.0 if name == "w_ei" else 1.0), plain[name], rtol=1e-5)


def test_under_adam_the_step_is_divided_instead() -> None:
    for recipe, divisor in ((EI, 40.0), (PLAIN, 1.0)):
        layer = EiLinear(40, 8, "each", recipe)
        others, own = layer.groups(0.01)
        assert own["params"][0] is layer.w_ei
        assert own["lr"] == pytest.approx(0.01 / divisor)
        assert others["lr"] == 0.01
        assert len(others["params"]) == 5


def test_the_guard_lets_gradients_pass_as_if_nothing_were_replaced() -> None:
    denominators = torch.tensor([[0.0, 2.0, 0.5], [0.0, 0.0, 0.0]], requires_grad=True)
    found = guarded(denominators)
    assert found.tolist() == [[0.5, 2.0, 0.5], [1.0, 1.0, 1.0]]
    found.sum().backward()
    assert denominators.grad is not None
    assert denominators.grad.tolist() == [[1.0] * 3] * 2


def test_units_that_hear_nothing_have_finite_currents_and_gradients() -> None:
    layer = started("each", 12, 8)
    seen = torch.zeros(3, 12)
    seen[0, 0] = 1.0
    with torch.no_grad():
        layer.w_ie[:, 1:] = 0.0
    layer(seen).sum().backward()
    assert torch.isfinite(layer(seen)).all()
    assert torch.allclose(layer(seen)[1], layer.bias)
    assert layer.w_ie.grad is not None
    assert torch.isfinite(layer.w_ie.grad).all()


@pytest.mark.parametrize("division", ["each", "one", "held", "none"])
def test_the_layer_is_that_of_the_arrays(division: Division) -> None:
    layer, seen = started(division, 30, 8), images(2, 20)
    with torch.no_grad():
        found = layer(torch.tensor(seen, dtype=torch.float32)).numpy()
    assert found == pytest.approx(layer.as_arrays().currents(seen), rel=1e-3, abs=1e-4)


def test_weights_and_gains_below_0_are_put_to_0_and_biases_are_not() -> None:
    layer = started("each", 12, 8)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.sub_(1.0)
    layer.keep_signs()
    assert all(float(value.detach().min()) >= 0.0 for name, value in layer.named_parameters() if name != "bias")
    assert float(layer.bias.detach().max()) == -1.0


def test_a_spike_takes_1_from_the_potential_and_a_triangle_is_its_gradient() -> None:
    currents = torch.tensor([0.6, 0.9, 0.9, 0.4], requires_grad=True)
    sent = spikes_over_time(currents[:, None, None], 0.5)
    # u: .6; .3 + .9 = 1.2, a spike; .1 + .9 = 1.0, a spike; 0 + .4
    assert sent.flatten().tolist() == [0.0, 1.0, 1.0, 0.0]
    sent[1].sum().backward()
    assert currents.grad is not None
    assert currents.grad[1] == pytest.approx(0.8)
    assert np.array_equal(currents.grad[2:].numpy(), np.zeros(2))
