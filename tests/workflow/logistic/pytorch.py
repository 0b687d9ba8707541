"""Logistic regression in PyTorch."""

import contract  # isort: split

import engine
import torch
from torch import nn


def main(job):
    engine.seed(job)
    images, labels = job.training_set()
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    model = engine.on_device(engine.glorot_uniform(model))
    optimizer, schedule = engine.sgd(model, job)
    engine.describe(job, model)
    job.initial_weights(engine.canonical(model, ["dense"]))

    with job.run(engine.synchronise):
        inputs, targets = to_input(images), engine.to_device(labels).long()
        loss = nn.CrossEntropyLoss()
        engine.train(job, model, loss, optimizer, schedule, inputs, targets)

    with job.evaluation():
        logits = engine.predict(model, to_input(job.test_inputs()), job.batch_size)
        probabilities = logits.softmax(1).cpu().numpy()
    job.predictions(probabilities)
    job.trained_weights(engine.canonical(model, ["dense"]))


def to_input(images):
    return engine.to_device(images).float() / 255


if __name__ == "__main__":
    contract.run(main, torch=torch.__version__)
