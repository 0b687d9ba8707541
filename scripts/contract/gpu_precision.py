"""How exactly a tool multiplies and convolves, after its adapter has set its precision.

Each product is compared with NumPy's in float64: ||tool - float64|| / ||float64||. A float32
has 24 bits, and the error of these sums is near 3e-7; TF32 keeps 11 of them and errs by 3e-4,
bfloat16 by 2e-3. For gpu_observer, in the tool's interpreter; runs on Python 3.6.
"""

import numpy as np


def experiment(family, on_gpu):
    """Return ``{"matmul": error, "convolution": error}``, or None for tools older than TF32.

    ``family``: the folder of the adapter; it has run in this process, and what it has set is
    still set.
    """
    if family not in FAMILIES:
        return None
    random = np.random.RandomState(1)
    a, b = (random.standard_normal(shape).astype("float32") for shape in ((256, 512), (512, 256)))
    images = random.standard_normal((32, 12, 12, 32)).astype("float32")
    kernel = random.standard_normal((3, 3, 32, 16)).astype("float32")
    product, convolved = FAMILIES[family](a, b, images, kernel, on_gpu)
    return {
        "matmul": error(product, np.dot(a.astype("float64"), b.astype("float64"))),
        "convolution": error(convolved, convolution(images, kernel)),
    }


def error(found, exact):
    """Return the relative error of an array in the Euclidean norm."""
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def convolution(images, kernel):
    """Return the 'valid' convolution of NHWC images with an HWIO kernel, in float64."""
    images, kernel = images.astype("float64"), kernel.astype("float64")
    height, width = (images.shape[1 + i] - kernel.shape[i] + 1 for i in range(2))
    result = np.zeros((len(images), height, width, kernel.shape[3]))
    for y in range(kernel.shape[0]):
        for x in range(kernel.shape[1]):
            result += np.dot(images[:, y : y + height, x : x + width], kernel[y, x])
    return result


def _torch(a, b, images, kernel, on_gpu):
    import torch

    def there(array):
        return torch.tensor(array, device="cuda" if on_gpu else "cpu")

    nchw, oihw = there(images.transpose(0, 3, 1, 2).copy()), there(kernel.transpose(3, 2, 0, 1))
    convolved = torch.nn.functional.conv2d(nchw, oihw).permute(0, 2, 3, 1)
    return (there(a) @ there(b)).cpu().numpy(), convolved.cpu().numpy()


def _keras3(a, b, images, kernel, on_gpu):
    from keras import ops

    convolved = ops.conv(images, kernel, padding="valid", data_format="channels_last")
    return ops.convert_to_numpy(ops.matmul(a, b)), ops.convert_to_numpy(convolved)


def _mxnet(a, b, images, kernel, on_gpu):
    import mxnet as mx

    def there(array):
        return mx.nd.array(array, ctx=mx.gpu(0) if on_gpu else mx.cpu(), dtype="float32")

    convolved = mx.nd.Convolution(
        there(images.transpose(0, 3, 1, 2)),
        there(kernel.transpose(3, 2, 0, 1)),
        no_bias=True,
        kernel=kernel.shape[:2],
        num_filter=kernel.shape[3],
    )
    return mx.nd.dot(there(a), there(b)).asnumpy(), convolved.asnumpy().transpose(0, 2, 3, 1)


#: By the folder of the adapter. The tools of keras2 are built for CUDA 10, which has no TF32.
FAMILIES = {"pytorch": _torch, "keras3": _keras3, "mxnet": _mxnet}
