"""The multilayer perceptron in PyTorch: a module, a loss, torch.optim.SGD and the usual loop."""

import contract  # isort: split

import engine
import torch
from torch import nn

loss_function = nn.BCEWithLogitsLoss()


def network(inputs, dropout):
    """The network of the protocol; the loss holds its sigmoid."""
    return nn.Sequential(
        nn.Linear(inputs, 200),
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


def to_input(rows, one_hot, numbers):
    """Return rows, uint8, as the network takes them: one-hot columns, then numbers of two bytes."""
    values = engine.to_device(rows)[:, -(one_hot + 2 * numbers) :].float()
    standardised = (256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2]) / 4096 - 8
    return torch.cat([values[:, :one_hot] / 255, standardised], dim=1)


def main(job):
    engine.seed(job)
    rows, answers = job.training_set()
    columns = sum(job.columns["categorical"].values()), len(job.columns["numbers"])
    model = engine.on_device(engine.glorot_uniform(network(sum(columns), job.dropout)))
    optimizer, schedule = engine.sgd(model, job)
    engine.describe(job, model)
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        inputs = to_input(rows, *columns)
        targets = engine.to_device(answers).float().unsqueeze(1)
        engine.train(job, model, loss_function, optimizer, schedule, inputs, targets)

    with job.evaluation():
        logits = engine.predict(model, to_input(job.test_inputs(), *columns), job.batch_size)
        probabilities = logits.sigmoid().cpu().numpy()
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, torch=torch.__version__)
