"""Why the log-probabilities or the loss of the first batch differ."""

from dataclasses import replace

import numpy as np

from verifying import reference
from verifying.errors import matches, relative_error


def of_log_probabilities(calls, case, dropout):
    """Return why the log-probabilities of the first batch differ; ``dropout``: the study's rate."""
    if np.isfinite(calls).all() and not np.array_equal(calls[0], calls[1]):
        return "dropout left on in evaluation: the same images give other answers each time"
    weights, images = case.after[0], reference.to_float(case.images[0])
    for words, logits in _forward_variants(weights, images, dropout):
        if matches(calls[0], reference.log_softmax(logits)):
            return words
    logits, _ = reference.forward(weights, images)
    if matches(calls[0], logits):
        return "no softmax: these are the logits"
    right = reference.log_softmax(logits)
    if relative_error(np.exp(np.minimum(calls[0], 0)), np.exp(right)) < 1e-2:
        # 2**-11 and 2**-9 are the rounding of TF32 and bfloat16: one product errs by that much.
        error = relative_error(calls[0], right)
        return f"relative error {error:.1e}, as from products in less than float32 (TF32: 5e-4)"
    return None


def _forward_variants(weights, images, dropout):
    """Yield (words, logits) of networks that are not quite the protocol's."""

    def logits(images=images, pool=reference.rectified_maxima, **changed):
        return reference.forward(weights | changed, images, pool)[0]

    right = logits()
    yield "softmax taken twice", np.exp(reference.log_softmax(right))
    yield "ReLU on the logits", reference.relu(right)
    yield "pooling takes the mean, not the maximum", logits(pool=reference.rectified_means)
    rows, kernel = np.arange(400).reshape(5, 5, 16), weights["dense1_kernel"]
    for words, order in (
        ("channels first and channels last are mixed up", rows.transpose(2, 0, 1)),
        ("width comes before height", rows.transpose(1, 0, 2)),
        ("it is the reverse, width before height", rows.transpose(2, 1, 0)),
    ):
        for taken in (order.ravel(), np.argsort(order.ravel())):
            yield f"flatten order: {words}", logits(dense1_kernel=kernel[taken])
    flipped = {name: weights[name][::-1, ::-1] for name in ("conv1_kernel", "conv2_kernel")}
    yield "the filters are flipped", logits(**flipped)
    unbiased = {name: 0 * v for name, v in weights.items() if name.endswith("bias")}
    yield "the biases are not used", logits(**unbiased)
    for factor in {1 - dropout, 1 / (1 - dropout)} - {1}:
        words = f"dropout scales what it lets through by {factor:g} in evaluation"
        yield words, logits(dense1_kernel=factor * kernel)
    yield "images are not scaled by 1/255", logits(images * 255)
    yield "images are scaled by 1/256", logits(images * 255 / 256)
    yield "images are turned: width before height", logits(images.transpose(0, 2, 1, 3))
    yield "images are centred, from -1 to 1", logits(images * 2 - 1)


def of_loss(loss, case):
    """Return why the loss of the first batch differs."""
    value, size = float(np.ravel(loss)[0]), case.labels.shape[1]
    expected, labels = case.losses[0], case.labels[0]
    logits, _ = reference.forward(case.after[0], reference.to_float(case.images[0]))
    binary, _ = reference.loss_of_logits(logits, labels, replace(case.rule, binary=True))
    twice, _ = reference.loss_of_logits(
        np.exp(reference.log_softmax(logits)), labels, replace(case.rule, binary=False)
    )
    instead = f"{value:.7g} instead of {expected:.7g}"
    for words, candidate in (
        ("loss is the sum over the batch, not the mean", size * expected),
        ("loss is divided by the number of classes too", expected / 10),
        ("binary cross-entropy, summed over the classes", binary),
        ("binary cross-entropy, the mean over the classes", binary / 10),
        ("binary cross-entropy, summed over batch and classes", binary * size),
        ("softmax taken twice", twice),
        ("loss in bits", expected / np.log(2)),
    ):
        if matches([value], [candidate]):
            return f"{words}: {instead}"
    return None
