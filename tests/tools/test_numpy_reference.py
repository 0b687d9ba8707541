"""The NumPy reference: gradients against finite differences, the optimiser by its formula."""

import cnn
import engine
import numpy as np
import pytest
from layers import Dropout, MaxPooling


def a_batch(n, dtype=np.float64):
    """Random images with blank areas, as in handwriting, and one-hot labels."""
    random = np.random.default_rng(1)
    images = random.random((n, 28, 28, 1))
    images[:, :8] = 0
    return images.astype(dtype), np.eye(10, dtype=dtype)[random.integers(0, 10, n)]


def a_network(dropout=0.0, dtype=np.float64):
    return cnn.network(np.random.default_rng(2), dropout, dtype)


def loss_and_gradients(network, images, one_hot):
    return network.loss_and_gradients(engine.cross_entropy, images, one_hot)


def dropout_of(network):
    (layer,) = [layer for layer in network.layers if isinstance(layer, Dropout)]
    return layer


def test_parameters_and_shapes_are_those_of_the_protocol():
    network = a_network(dtype=np.float32)
    assert [values.size for values in network.parameters] == [
        512, 32, 4608, 16, 51200, 128, 8192, 64, 640, 10,
    ]  # fmt: skip
    assert sum(values.size for values in network.parameters) == 65_402
    assert {values.dtype for values in network.parameters} == {np.dtype(np.float32)}

    images, shapes = a_batch(3, np.float32)[0], []
    for layer in network.layers:
        images = layer.forward(images)
        shapes.append(images.shape[1:])
    assert shapes == [
        (25, 25, 32), (25, 25, 32), (12, 12, 32),
        (10, 10, 16), (10, 10, 16), (5, 5, 16),
        (5, 5, 16), (400,), (128,), (128,), (64,), (64,), (10,),
    ]  # fmt: skip
    assert images.dtype == np.float32


def test_weights_are_glorot_uniform_and_biases_zero():
    parameters = a_network().parameters
    for weights, bias in zip(parameters[::2], parameters[1::2], strict=True):
        *field, inputs, outputs = weights.shape
        limit = np.sqrt(6 / (np.prod(field) * (inputs + outputs)))
        assert 0.95 * limit < np.abs(weights).max() <= limit
        assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.1)
        assert not bias.any()


def test_first_convolution_is_the_sum_over_its_patch():
    images, _ = a_batch(2)
    layer = a_network().layers[0]
    weights, bias = layer.parameters
    bias += np.arange(32)
    expected = np.sum(images[1, 5:9, 7:11, 0, None] * weights[:, :, 0], axis=(0, 1)) + bias
    assert layer.forward(images)[1, 5, 7] == pytest.approx(expected)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_gradients_match_finite_differences(dropout):
    network = a_network(dropout)
    images, one_hot = a_batch(3)
    random = np.random.default_rng(3)
    for bias in network.parameters[1::2]:  # else blank areas sit on the kink of ReLU
        bias += random.uniform(0.01, 0.1, bias.shape)

    def loss():
        dropout_of(network).random = np.random.default_rng(4)  # the same mask each time
        return loss_and_gradients(network, images, one_hot)

    _, gradients = loss()
    step = 1e-6
    for values, gradient in zip(network.parameters, gradients, strict=True):
        assert gradient.shape == values.shape
        for i in random.choice(values.size, size=min(values.size, 8), replace=False):
            where = np.unravel_index(i, values.shape)
            kept = values[where]
            values[where] = kept + step
            above, _ = loss()
            values[where] = kept - step
            below, _ = loss()
            values[where] = kept
            slope = (above - below) / (2 * step)
            assert gradient[where] == pytest.approx(slope, rel=1e-4, abs=1e-8)


def test_pooling_gives_the_gradient_to_the_first_of_equals():
    layer = MaxPooling()
    x = np.array([[1.0, 1, 7], [0, 1, 7], [7, 7, 7]]).reshape(1, 3, 3, 1)
    assert layer.forward(x).ravel() == pytest.approx([1])  # the odd row and column stay out
    assert layer.backward(np.full((1, 1, 1, 1), 5.0)).ravel().tolist() == [5] + [0] * 8


def test_dropout_keeps_the_mean_and_does_nothing_in_prediction():
    layer = Dropout(np.random.default_rng(5), 0.2)
    x = np.ones((100, 400), np.float32)
    assert (layer.forward(x) == x).all()
    layer.training = True
    out = layer.forward(x)
    assert out.dtype == np.float32
    assert set(np.unique(out)) == {np.float32(0), np.float32(1.25)}
    assert (out == 0).mean() == pytest.approx(0.2, abs=0.01)
    assert (layer.backward(x) == out).all()


def test_sgd_follows_the_formula():
    values = np.array([1.0, -2.0])
    gradients = [np.array([0.5, 0.25]), np.array([-1.0, 2.0]), np.array([3.0, 0.0])]
    optimizer = engine.SGD([values], learning_rate=0.05, momentum=0.9, decay=0.1)
    for gradient in gradients:
        optimizer.step([gradient])
    # v = 0.9 v - rate g, w += v, with rate = 0.05 / (1 + 0.1 t) for t = 0, 1, 2
    expected, velocity = np.array([1.0, -2.0]), 0
    for rate, gradient in zip([0.05, 0.05 / 1.1, 0.05 / 1.2], gradients, strict=True):
        velocity = 0.9 * velocity - rate * gradient
        expected = expected + velocity
    assert values == pytest.approx(expected, rel=1e-12)
    assert optimizer.steps == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_few_steps_reduce_the_loss(dtype):
    network = a_network(dropout=0.2, dtype=dtype)
    images, one_hot = a_batch(16, dtype)
    for image, label in zip(images, one_hot.argmax(axis=1), strict=True):
        image[2 * label + 4] += 1  # something to learn: a bright line for each class
    optimizer = engine.SGD(network.parameters, 0.05, 0.9, 1e-5)
    losses = []
    for _ in range(30):
        loss, gradients = loss_and_gradients(network, images, one_hot)
        assert {gradient.dtype for gradient in gradients} == {np.dtype(dtype)}
        optimizer.step(gradients)
        losses.append(loss)
    assert losses[0] == pytest.approx(np.log(10), rel=0.1)
    assert losses[-1] < losses[0] / 2


def test_both_precisions_draw_the_same_numbers():
    images, one_hot = a_batch(8)
    single = a_network(0.2, np.float32)
    double = a_network(0.2, np.float64)
    loss_single, _ = loss_and_gradients(single, images.astype(np.float32), one_hot)
    loss_double, _ = loss_and_gradients(double, images, one_hot)
    assert loss_single == pytest.approx(loss_double, rel=1e-5)
