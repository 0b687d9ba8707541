"""The convolutional network in PyTorch: a module, a loss, torch.optim.SGD and the usual loop."""

import contract  # isort: split

import engine
import torch
from torch import nn

loss_function = nn.CrossEntropyLoss()


def network(dropout):
    """The network of the protocol, 65,402 parameters; the loss holds its softmax."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 16, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(400, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def weights(model):
    """Return the weights under the workload's names."""
    names = ("conv1", "conv2", "dense1", "dense2", "dense3")
    return engine.canonical(model, names, flattened={"dense1": (16, 5, 5)})


def to_input(images):
    """Return uint8 images (n, 28, 28) as the network takes them: (n, 1, 28, 28), 0 to 1."""
    return engine.to_device(images).unsqueeze(1).float() / 255


def main(job):
    engine.seed(job)
    images, labels = job.training_set()
    model = engine.on_device(engine.glorot_uniform(network(job.dropout)))
    optimizer, schedule = engine.sgd(model, job)
    engine.describe(job, model)
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        inputs, targets = to_input(images), engine.to_device(labels).long()
        engine.train(job, model, loss_function, optimizer, schedule, inputs, targets)

    with job.evaluation():
        logits = engine.predict(model, to_input(job.test_inputs()), job.batch_size)
        probabilities = logits.softmax(1).cpu().numpy()
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, torch=torch.__version__)
