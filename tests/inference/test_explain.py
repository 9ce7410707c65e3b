"""Heat maps are Grad-CAM as published: equal to gradients through the whole network."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from torch.nn import functional

from inference.ml.artifact import Artifact
from inference.ml.engine import Classifier
from inference.ml.explain import COLOURS, fast_cam, grad_cam, overlay_png, pooled
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.heads import build_head
from tests.development import vgg16_weights
from tests.engines import manifest_of

POSITIVE, NEGATIVE = 1, 0  # places in the classes of `manifest_of`
heats = arrays.arrays(np.float32, (7, 7), elements=st.floats(0, 1, width=32))


@pytest.fixture(scope="module")
def head():
    torch.manual_seed(3)
    return build_head("covid-xr-c", 25088, 2).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def classifier(head):
    return Classifier(Artifact(manifest_of("1"), head))


@pytest.fixture(scope="module")
def activations():
    """As after a ReLU: half of them 0, so that many windows of the pooling are ties."""
    noise = np.random.default_rng(2).normal(0, 5, (512, 14, 14)).clip(min=0)
    return noise.astype(np.float16).astype(np.float32)


def published(layer: torch.Tensor, gradient: torch.Tensor) -> np.ndarray:
    """Equations 1 and 2 of the paper, spelt out, scaled to 0..1."""
    weights = gradient.mean(dim=(1, 2))
    heat = sum(weight * channel for weight, channel in zip(weights, layer, strict=True)).relu()
    return (heat / heat.max()).detach().numpy()


@pytest.mark.parametrize("output", [NEGATIVE, POSITIVE])
def test_both_maps_are_those_of_autograd(classifier, head, activations, output):
    last = torch.from_numpy(activations).requires_grad_()
    features = functional.max_pool2d(last, 2)
    features.retain_grad()
    head(features.reshape(1, -1))[0, output].backward()
    expected = published(last, last.grad)
    np.testing.assert_allclose(grad_cam(classifier, activations, output), expected, atol=1e-4)
    expected = published(features, features.grad)
    found = fast_cam(classifier, pooled(activations), output)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.data
def test_grad_cam_is_that_of_autograd_through_the_whole_network(classifier, head):
    from inference.ml.networks import network_of

    network = network_of(VGG16_BLOCK5, vgg16_weights())
    noise = np.random.default_rng(4).normal(0, 60, (1, 3, 224, 224)).astype(np.float32)
    kept = {}
    network[29].register_forward_hook(lambda _layer, _given, made: kept.update(last=made))
    logits = head(network(torch.from_numpy(noise).requires_grad_()).flatten(1))
    (gradient,) = torch.autograd.grad(logits[0, POSITIVE], kept["last"])
    found = grad_cam(classifier, kept["last"][0].detach().numpy(), POSITIVE)
    np.testing.assert_allclose(found, published(kept["last"][0], gradient[0]), atol=1e-4)


def test_pooling_is_that_of_the_extractor(activations):
    expected = functional.max_pool2d(torch.from_numpy(activations), 2).flatten().numpy()
    assert np.array_equal(pooled(activations), expected)


def test_maps_reach_from_nothing_to_one(classifier, activations):
    for heat in (
        grad_cam(classifier, activations, POSITIVE),
        fast_cam(classifier, pooled(activations), POSITIVE),
    ):
        assert (heat.dtype, heat.min(), heat.max()) == (np.float32, 0, 1)


def test_cached_features_give_the_same_map(classifier, activations):
    features = pooled(activations)
    cached = fast_cam(classifier, features.astype(np.float16), POSITIVE)
    assert np.array_equal(cached, fast_cam(classifier, features, POSITIVE))


def test_each_class_has_a_map_of_its_own(classifier, activations):
    maps = [grad_cam(classifier, activations, output) for output in (NEGATIVE, POSITIVE)]
    assert np.abs(maps[0] - maps[1]).max() > 0.1


def test_where_nothing_is_active_no_region_speaks(classifier):
    nothing = np.zeros((512, 14, 14), np.float32)
    assert not grad_cam(classifier, nothing, POSITIVE).any()
    assert not fast_cam(classifier, pooled(nothing), POSITIVE).any()


def test_what_only_speaks_against_the_class_is_not_shown(head, activations):
    head = build_head("covid-xr-c", 25088, 2).eval().requires_grad_(False)
    for layer, sign in zip(head.linear_layers(), (1, 1, -1), strict=True):
        layer.weight.copy_(layer.weight.abs() * sign)
    against = Classifier(Artifact(manifest_of("1"), head))
    assert not grad_cam(against, activations, POSITIVE).any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_activations_that_are_not_finite_are_refused(classifier, activations, value):
    broken = activations.copy()
    broken[0, 0, 0] = value
    with pytest.raises(ValueError, match="finite"):
        grad_cam(classifier, broken, POSITIVE)


def test_features_of_another_shape_are_refused(classifier):
    with pytest.raises(ValueError, match="expected"):
        fast_cam(classifier, np.zeros(512, np.float16), POSITIVE)


def pixels_of(png: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGBA"))


def luminance(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., :3] @ (0.2126, 0.7152, 0.0722)


@given(heats)
def test_the_overlay_is_clear_where_the_map_is_empty(heat):
    pixels = pixels_of(overlay_png(heat, (7, 7)))
    np.testing.assert_allclose(pixels[..., 3], heat * 255, atol=0.51)


@given(heats)
def test_hotter_is_lighter(heat):
    order = np.argsort(heat, axis=None)
    lightness = luminance(pixels_of(overlay_png(heat, (7, 7)))).reshape(-1)[order]
    # The three channels are rounded to whole numbers.
    assert (np.diff(lightness) > -1).all()


def test_the_overlay_has_the_size_asked_for():
    assert pixels_of(overlay_png(np.eye(7, dtype=np.float32), (30, 50))).shape == (30, 50, 4)


def test_a_hot_corner_stays_in_its_corner():
    heat = np.zeros((14, 14), np.float32)
    heat[0, 13] = 1
    clear = pixels_of(overlay_png(heat))[..., 3]
    assert clear[:16, -16:].max() == 255
    assert clear[64:].max() == clear[:, :-64].max() == 0


def test_the_legend_has_the_colours_of_the_maps():
    stops = [
        "#{:02x}{:02x}{:02x}{:02x}".format(*colour, round(255 * step / (len(COLOURS) - 1)))
        for step, colour in enumerate(COLOURS)
    ]
    css = Path(settings.PLATFORM_DIR) / "static" / "css" / "components.css"
    assert ", ".join(stops) in " ".join(css.read_text().split())
