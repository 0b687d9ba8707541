"""The multilayer perceptron in PyTorch: a module, a loss, torch.optim.SGD and the usual loop."""

import contract  # isort: split

import engine
import torch
from torch import nn

loss_function = nn.BCEWithLogitsLoss()


def network(dropout):
    """The network of the protocol, 69,401 parameters; the loss holds its sigmoid."""
    return nn.Sequential(
        nn.Linear(144, 200),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(200, 200),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(200, 1),
    )


def weights(model):
    """Return the weights under the workload's names."""
    return engine.canonical(model, ("dense1", "dense2", "dense3"))


def to_input(rows):
    """Return rows, uint8 (n, 155), as the network takes them: (n, 144), one-hot and numbers."""
    values = engine.to_device(rows)[:, 9:].float()
    numbers = (256 * values[:, 142::2] + values[:, 143::2]) / 4096 - 8
    return torch.cat([values[:, :142] / 255, numbers], dim=1)


def main(job):
    engine.seed(job)
    rows, late = job.training_set()
    model = engine.on_device(engine.glorot_uniform(network(job.dropout)))
    optimizer, schedule = engine.sgd(model, job)
    engine.describe(job, model)
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        inputs, targets = to_input(rows), engine.to_device(late).float().unsqueeze(1)
        engine.train(job, model, loss_function, optimizer, schedule, inputs, targets)

    with job.evaluation():
        logits = engine.predict(model, to_input(job.test_inputs()), job.batch_size)
        probabilities = logits.sigmoid().cpu().numpy()
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, torch=torch.__version__)
