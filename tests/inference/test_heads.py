"""Models A, B and C of the paper: same layers, dropout in different places."""

import numpy as np
import pytest
import torch

from inference.ml.heads import HEADS, Head, HeadSpec, build_head, head_gradient, head_logits


@pytest.mark.parametrize("code", ["covid-xr-a", "covid-xr-b", "covid-xr-c"])
@pytest.mark.parametrize("classes", [2, 3])
def test_layers_are_those_of_the_paper(code, classes):
    with torch.device("meta"):
        head = build_head(code, 25088, classes)
    shapes = [tuple(layer.weight.shape) for layer in head.linear_layers()]
    assert shapes == [(200, 25088), (64, 200), (classes, 64)]


@pytest.mark.parametrize(
    ("code", "place"), [("covid-xr-a", None), ("covid-xr-b", 2), ("covid-xr-c", 1)]
)
def test_dropout_is_where_the_paper_has_it(code, place):
    assert (HEADS[code].dropout_after, HEADS[code].dropout) == (place, 0.5)


@pytest.mark.parametrize(
    ("code", "is_random"), [("covid-xr-a", False), ("covid-xr-b", True), ("covid-xr-c", True)]
)
def test_dropout_works_in_training_only(code, is_random):
    head, features = build_head(code, 30, 2), torch.ones(1, 30)
    in_training = [head(features) for _ in range(8)]
    assert any(not torch.equal(in_training[0], logits) for logits in in_training) is is_random
    assert torch.equal(head.eval()(features), head(features))


def test_hidden_layers_are_not_linear():
    head = build_head("covid-xr-a", 30, 2).eval()
    features = torch.randn(1, 30)
    halves = head(features) + head(-features)
    assert not torch.allclose(halves, 2 * head(torch.zeros(1, 30)), atol=1e-4)


def test_one_class_is_no_classifier():
    with pytest.raises(ValueError, match="two classes"):
        build_head("covid-xr-c", 30, 1)


def test_unknown_architecture_is_an_error():
    with pytest.raises(KeyError):
        build_head("covid-xr-z", 30, 2)


def test_logits_are_those_of_the_network():
    head = Head(HeadSpec("small", hidden=(7, 5)), 30, 3).eval()
    features = np.random.default_rng(0).normal(size=(1030, 30)).astype(np.float32)
    with torch.no_grad():
        expected = head.double()(torch.from_numpy(features).double()).numpy()
    np.testing.assert_allclose(head_logits(head, features), expected, rtol=1e-12, atol=1e-12)


def test_logits_of_nothing():
    assert head_logits(build_head("covid-xr-a", 30, 3), np.empty((0, 30))).shape == (0, 3)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_is_one_layer(classes):
    head = build_head("logistic", 30, classes)
    assert [tuple(layer.weight.shape) for layer in head.linear_layers()] == [(classes, 30)]
    features = np.random.default_rng(0).normal(size=(4, 30)).astype(np.float32)
    weight, bias = (head.dense[0].weight, head.dense[0].bias)
    expected = features.astype(np.float64) @ weight.double().detach().numpy().T
    expected += bias.double().detach().numpy()
    np.testing.assert_allclose(head_logits(head, features), expected, rtol=1e-12)


def test_logistic_regression_is_linear_in_training_too():
    head = build_head("logistic", 30, 2).train()
    features = torch.randn(1, 30)
    halves = head(features) + head(-features)
    torch.testing.assert_close(halves, 2 * head(torch.zeros(1, 30)))


def test_the_gradient_of_logistic_regression_is_its_weights():
    head = build_head("logistic", 30, 3).double().eval().requires_grad_(False)
    assert np.array_equal(head_gradient(head, np.ones(30), 2), head.dense[0].weight[2].numpy())


def test_a_head_on_logarithms_is_its_inner_head_on_logarithms():
    head, inner = build_head("logistic-log", 6, 3), build_head("logistic", 6, 3)
    head.load_state_dict(inner.state_dict() | {"scale": torch.tensor([2.5])})
    features = np.array([[0, 1, 10, 1000, 0.5, 3], [0, 0, 0, 0, -4, 2]], np.float32)
    logarithms = np.sign(features) * np.log1p(np.abs(features) / 2.5)
    # The weights are drawn anew each time, and a sum may come near 0.
    expected = head_logits(inner, logarithms)
    np.testing.assert_allclose(head_logits(head, features), expected, rtol=1e-5, atol=1e-6)


def test_the_slope_of_logarithms_is_finite_where_nothing_fired():
    head = build_head("logistic-log", 2, 2).double()
    head.scale.fill_(4.0)
    gradient = head_gradient(head, np.zeros(2), 1)
    np.testing.assert_allclose(gradient, head.dense[0].weight.detach().numpy()[1] / 4.0)
