"""The LSTM on letters in PyTorch: a module, a loss, torch.optim.SGD and the usual loop.

https://docs.pytorch.org/tutorials/intermediate/char_rnn_classification_tutorial.html
"""

import contract  # isort: split

import engine
import torch
from torch import nn

loss_function = nn.CrossEntropyLoss()


class Network(nn.Module):
    """The network of the protocol; the loss holds its softmax."""

    def __init__(self, job):
        super().__init__()
        self.embedding = nn.Embedding(job.tokens, 16)
        self.lstm = nn.LSTM(16, 64, batch_first=True)
        self.dropout = nn.Dropout(job.dropout)
        self.dense1 = nn.Linear(64, job.classes)

    def forward(self, words):
        _, (hidden, _) = self.lstm(self.embedding(words))
        return self.dense1(self.dropout(hidden[-1]))


def initialised(model):
    """Give the model the protocol's weights: Glorot's, zero biases, but 1 for the forget gate.

    PyTorch's LSTM has two biases, which are added up (cuDNN's has). If both learnt, their sum would
    move twice as far: the second one stays at zero.
    """
    lstm = model.lstm
    for matrix in (model.embedding.weight, lstm.weight_ih_l0, lstm.weight_hh_l0):
        nn.init.xavier_uniform_(matrix)
    nn.init.zeros_(lstm.bias_ih_l0)
    nn.init.zeros_(lstm.bias_hh_l0).requires_grad_(False)
    # The gates' order is input, forget, cell, output.
    nn.init.ones_(lstm.bias_ih_l0.detach()[64:128])
    return engine.glorot_uniform(model)


def weights(model):
    """Return the weights under the workload's names."""
    model = getattr(model, "module", model)  # DataParallel's own, of several GPUs
    lstm = {
        "embedding_embeddings": model.embedding.weight,
        "lstm_kernel": model.lstm.weight_ih_l0.T,
        "lstm_recurrent_kernel": model.lstm.weight_hh_l0.T,
        "lstm_bias": model.lstm.bias_ih_l0 + model.lstm.bias_hh_l0,
    }
    lstm = {name: values.detach().cpu().numpy() for name, values in lstm.items()}
    return {**lstm, **engine.canonical(model, ["dense1"])}


def to_input(words):
    """Return words, uint8 (n, places), as the indices that an embedding takes."""
    return engine.to_device(words).int()


def main(job):
    engine.seed(job)
    words, labels = job.training_set()
    model = engine.on_device(initialised(Network(job)))
    optimizer, schedule = engine.sgd(model, job)
    engine.describe(job, model)
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        inputs, targets = to_input(words), engine.to_device(labels).long()
        engine.train(job, model, loss_function, optimizer, schedule, inputs, targets)

    with job.evaluation():
        logits = engine.predict(model, to_input(job.test_inputs()), job.batch_size)
        probabilities = logits.softmax(1).cpu().numpy()
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, torch=torch.__version__)
