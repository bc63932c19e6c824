"""The sets: what each corruption is, the framings of UCI's digits, and that they are the same every time."""

import numpy as np
import pytest

import neurocmc
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError
from neurocmc.literature.filter import corruptions, sets
from neurocmc.literature.filter.sets import Labelled

DIGITS = neurocmc.images("mnist-5k").test
FEW = Labelled(images=DIGITS.images[:40].astype(np.float64), labels=DIGITS.labels[:40])


def test_the_sets_of_the_table_and_those_of_the_choice_share_no_corruption() -> None:
    table, choice = sets.of_the_table(FEW, "mnist-5k"), sets.chosen_on(FEW)
    spoilt = ["noise", "contrast", "haze", "hazy_noise", "gradient", "occlusion", "salt_pepper"]
    assert list(table) == ["clean", "uci_padded", "uci_centred", "uci_scaled", *spoilt]
    assert list(sets.of_the_table(FEW, "fashion-mnist")) == ["clean", *spoilt]
    assert list(choice) == ["blur", "gamma_half", "gamma_two", "brighter"]
    for images in (*table.values(), *choice.values()):
        assert images.images.min() >= 0.0
        assert images.images.max() <= 1.0 + 1e-12
        assert len(images.images) == len(images.labels)
    again = sets.of_the_table(FEW, "mnist-5k")
    assert all(np.array_equal(table[name].images, again[name].images) for name in table)


def test_haze_of_several_thicknesses_ends_with_that_of_the_table() -> None:
    thick, table = sets.in_haze(FEW, "mnist-5k"), sets.of_the_table(FEW, "mnist-5k")
    assert list(thick) == ["clean", "uci_centred", "noise", "haze_90", "haze_70", "haze_50", "haze_30"]
    assert np.array_equal(thick["noise"].images, table["noise"].images)
    assert thick["haze_30"].images == pytest.approx(table["haze"].images)
    assert thick["haze_90"].images.min() == pytest.approx(0.1)


def test_corruptions_are_what_they_say() -> None:
    image = np.full((200, 28, 28), 0.5)
    assert corruptions.haze(image) == pytest.approx(0.85)
    assert corruptions.low_contrast(image) == pytest.approx(0.15)
    assert corruptions.brighter(image) == pytest.approx(0.75)
    assert corruptions.gamma(image, 2.0) == pytest.approx(0.25)
    drawn = np.random.default_rng(0)
    noisy = corruptions.noise(image, drawn, 0.1)
    assert (noisy.mean(), noisy.std()) == pytest.approx((0.5, 0.1), abs=1e-3)
    spoilt = corruptions.salt_and_pepper(image, drawn)
    assert [np.mean(spoilt == level) for level in (0.0, 1.0)] == pytest.approx([0.05, 0.05], abs=2e-3)
    hidden = corruptions.occlusion(image, drawn) == 0.0
    assert (hidden.sum(axis=(1, 2)) == 64).all()
    edge = hidden.copy()
    edge[:, 4:-4, 4:-4] = False
    assert not edge.any()
    assert hidden[:, 4].any()
    assert hidden[:, -5].any()


def test_a_gradient_rises_straight_from_nothing_to_one_half() -> None:
    ramp = corruptions.gradient(np.zeros((50, 28, 28)), np.random.default_rng(0))
    assert ramp.min(axis=(1, 2)) == pytest.approx(0.0)
    assert ramp.max(axis=(1, 2)) == pytest.approx(0.5)
    for axis in (1, 2):
        assert np.abs(np.diff(ramp, 2, axis=axis)).max() < 1e-12
    steps = (ramp[:, 1:] - ramp[:, :-1])[:, 0, 0]
    assert steps.min() < -0.01
    assert steps.max() > 0.01


def test_resizing_keeps_a_ramp_and_the_mean() -> None:
    ramp: Float = np.broadcast_to(np.arange(0.5, 8.0), (1, 8, 8)).astype(np.float64)
    larger = sets.resized(ramp, 20)
    assert larger[0, 0, 2:-2] == pytest.approx((np.arange(20) + 0.5)[2:-2] * 8 / 20)
    assert larger.mean() == pytest.approx(ramp.mean())
    assert sets.resized(np.ones((1, 8, 8)), 28) == pytest.approx(1.0)


def test_a_centred_image_has_its_mass_in_the_middle() -> None:
    image = np.zeros((1, 28, 28))
    image[0, 3:6, 18:22] = 1.0
    moved = sets.centred(image)
    assert moved.sum() == image.sum()
    places = np.arange(28)
    assert abs(moved[0].sum(axis=1) @ places / moved.sum() - 13.5) <= 0.5
    assert abs(moved[0].sum(axis=0) @ places / moved.sum() - 13.5) <= 0.5


def test_the_digits_of_uci_in_three_framings() -> None:
    found = {framing: sets.uci(framing) for framing in sets.FRAMINGS}
    for images in found.values():
        assert images.images.shape == (1797, 28, 28)
        assert sorted(set(images.labels.tolist())) == list(range(10))
    margin = found["padded"].images.copy()
    margin[:, 4:-4, 4:-4] = 0.0
    assert not margin.any()
    assert found["scaled"].images[:, 0].any()


def test_without_scikit_learn_the_digits_of_uci_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sets.uci.cache_clear()
    monkeypatch.setattr("neurocmc.common.extras.is_installed", "sklearn".__ne__)
    with pytest.raises(InputError) as refused:
        sets.uci("padded")
    assert refused.value.problems[0].id == "library-missing"
    assert refused.value.problems[0].cure == "pip install scikit-learn"
