"""The convolutional network, as in https://flax.readthedocs.io/en/stable/mnist_tutorial.html"""

import contract  # isort: split

import engine
import flax
import jax
import optax
from flax import nnx

glorot = nnx.initializers.glorot_uniform()  # once: with another object JAX compiles again


class CNN(nnx.Module):
    def __init__(self, dropout, rngs):
        self.conv1 = nnx.Conv(1, 32, (4, 4), padding="VALID", kernel_init=glorot, rngs=rngs)
        self.conv2 = nnx.Conv(32, 16, (3, 3), padding="VALID", kernel_init=glorot, rngs=rngs)
        self.dropout = nnx.Dropout(dropout, rngs=rngs)
        self.dense1 = nnx.Linear(400, 128, kernel_init=glorot, rngs=rngs)
        self.dense2 = nnx.Linear(128, 64, kernel_init=glorot, rngs=rngs)
        self.dense3 = nnx.Linear(64, 10, kernel_init=glorot, rngs=rngs)

    @nnx.jit
    def __call__(self, images):
        x = images[..., None].astype("float32") / 255
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = nnx.relu(self.dense1(self.dropout(x).reshape(len(x), -1)))
        return self.dense3(nnx.relu(self.dense2(x)))


@nnx.jit
def train_step(model, optimizer, images, labels):
    cross_entropy = optax.softmax_cross_entropy_with_integer_labels
    grads = nnx.grad(lambda model: cross_entropy(model(images), labels).mean())(model)
    optimizer.update(model, grads)


def main(job):
    images, labels = job.training_set()
    model = CNN(job.dropout, nnx.Rngs(job.seed))
    job.initial_weights(engine.weights(model))
    with job.run():
        engine.train(job, model, train_step, images, labels)
    with job.evaluation():
        job.predictions(nnx.softmax(engine.predict(job, model, job.test_inputs())))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, flax=flax.__version__, optax=optax.__version__, jax=jax.__version__)
