"""Why the layers are not the protocol's: the variants of the network that are known."""

from itertools import product

from verifying import reference

PARAMETERS = 65_402

#: (outputs, parameters) of the five layers that have any; the outputs sorted, because tools
#: put the channels first or last.
LAYERS = (
    ([25, 25, 32], 544),
    ([10, 10, 16], 4_624),
    ([128], 51_328),
    ([64], 8_256),
    ([10], 650),
)
LAYER_NAMES = ("convolution 1", "convolution 2", "dense 128", "dense 64", "dense 10")


def of_layers(layers, shapes):
    """Return what is wrong with the layers, or None when they are the protocol's.

    ``shapes``: those of the model's weights, by canonical name.
    """
    mine = [layer for layer in layers if layer["parameters"]]
    total = sum(layer["parameters"] for layer in mine)
    found = [(sorted(n for n in layer["output"] if n != 1), layer["parameters"]) for layer in mine]
    if found == list(LAYERS):
        return None
    known = _network_with(total) or _without_biases(shapes)
    if total != PARAMETERS:
        instead = f"{total:,} parameters instead of {PARAMETERS:,}"
        return f"{known}: {instead}" if known else instead + _first_wrong_layer(found)
    return (known or f"{PARAMETERS:,} parameters, but") + _first_wrong_layer(found)


def _network_with(total):
    """Return the variants of the network that have ``total`` parameters, in words, or None."""
    for stride, biases, padding in product((2, 1), (True, False), (0, 1)):
        if count_parameters(stride, biases, padding) == total != PARAMETERS:
            names = []
            if stride == 1:
                names.append("pooling stride 1")
            if not biases:
                names.append("no biases")
            if padding:
                names.append("convolutions with padding ('same', not 'valid')")
            return " and ".join(names)
    return None


def count_parameters(pooling_stride=2, biases=True, padded=False):
    """Return the number of parameters of a variant of the network."""
    side, channels, count = 28, 1, 0
    for size, filters in ((4, 32), (3, 16)):
        side = side if padded else side - size + 1
        side = (side - 2) // pooling_stride + 1
        count += size * size * channels * filters + biases * filters
        channels = filters
    inputs = side * side * channels
    for outputs in (128, 64, 10):
        count += inputs * outputs + biases * outputs
        inputs = outputs
    return count


def _without_biases(shapes):
    missing = [name for name in reference.SHAPES if name.endswith("bias") and name not in shapes]
    return f"no {' and no '.join(missing)}" if shapes and missing else None


def _first_wrong_layer(found):
    if len(found) != len(LAYERS):
        return f": {len(found)} layers with weights instead of {len(LAYERS)}"
    for name, mine, right in zip(LAYER_NAMES, found, LAYERS, strict=True):
        if mine != right:
            return (
                f": {name} has output {_shape(mine[0])} and {mine[1]:,} parameters "
                f"instead of {_shape(right[0])} and {right[1]:,}"
            )
    return ""


def _shape(output):
    return " x ".join(map(str, output))
