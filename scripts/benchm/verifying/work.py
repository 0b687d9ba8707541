"""The arithmetic of a network per sample, counted while its reference runs."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Work:
    """Multiplications (each with an addition) in matrix products, for one sample.

    ``training``: forward, the gradients of the weights, and those of each product's inputs
    where a weight lies below them. ``products``: how many matrix products those are.
    """

    forward: int = 0
    training: int = 0
    products: int = 0

    @property
    def flop(self):
        """Floating-point operations to train on one sample: two for a multiplication."""
        return 2 * self.training


def count(reference, inputs):
    """Return the ``Work`` of a reference for ``inputs``, the raw inputs of one sample (1, ...).

    What is no matrix product (biases, activations, pooling, the update) is left out.
    """
    work = Work()

    class Counted(np.ndarray):
        """Weights and what is computed from them, which is what gradients go back through."""

        def __array_ufunc__(self, ufunc, method, *operands, out=None, **keys):
            plain = [np.asarray(x) if isinstance(x, Counted) else x for x in operands]
            result = getattr(ufunc, method)(*plain, **keys)
            if ufunc is np.matmul:
                size = result.size * plain[0].shape[-1]
                times = 1 + sum(isinstance(x, Counted) for x in operands)
                work.forward += size
                work.training += size * times
                work.products += times
            return np.asarray(result).view(Counted)

        def __array_function__(self, function, types, arguments, keys):
            if function in (np.dot, np.einsum, np.tensordot, np.inner):
                raise TypeError(f"{function.__name__} can't be counted; write it with @")
            return super().__array_function__(function, types, arguments, keys)

    weights = {name: np.ones(shape).view(Counted) for name, shape in reference.SHAPES.items()}
    reference.forward(weights, inputs)
    return work
