"""The LSTM on letters in mxnet's Gluon: a hybridised network, a Trainer, the usual loop."""

import contract  # isort: split

import engine  # isort: split

import mxnet as mx
from mxnet import gluon
from mxnet.gluon import nn, rnn


class Network(gluon.HybridBlock):
    """The network of the protocol; the loss holds its softmax.

    The layer is unrolled, letter by letter: of the fused one, rnn.LSTM, training ends this release
    on CPUs with a segmentation fault. A cell has two biases, which are added up. If both learnt,
    their sum would move twice as far: the second one stays at zero.
    """

    def __init__(self, job):
        super().__init__()
        self.places = job.places
        self.embedding = nn.Embedding(job.tokens, 16)
        # Gates are in the order input, forget, cell, output; the forget gate's bias starts with 1.
        forget = mx.init.LSTMBias(1.0)
        self.lstm = rnn.LSTMCell(64, input_size=16, i2h_bias_initializer=forget)
        self.lstm.h2h_bias.grad_req = "null"
        self.dropout = nn.Dropout(job.dropout)
        self.dense1 = nn.Dense(job.classes, in_units=64)

    def hybrid_forward(self, F, words):
        embedded = self.embedding(words)
        states, _ = self.lstm.unroll(self.places, embedded, layout="NTC", merge_outputs=False)
        return self.dense1(self.dropout(states[-1]))


def weights(net):
    """Return the weights under the workload's names."""
    cell = net.lstm
    return {
        "embedding_embeddings": engine.value(net.embedding.weight),
        "lstm_kernel": engine.value(cell.i2h_weight).T,
        "lstm_recurrent_kernel": engine.value(cell.h2h_weight).T,
        "lstm_bias": engine.value(cell.i2h_bias) + engine.value(cell.h2h_bias),
        **engine.canonical(net, ["dense1"]),
    }


def to_input(words):
    """Return words, uint8 (n, places), as float32: mxnet has the indices of an embedding so."""
    return words.astype("float32")


def main(job):
    engine.seed(job)
    words, labels = job.training_set()
    net = engine.ready(Network(job), mx.init.Xavier())
    trainer = engine.sgd(net, job)
    loss_function = engine.hybrid(gluon.loss.SoftmaxCrossEntropyLoss())
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run(engine.synchronise):
        batches = engine.shuffled(job, to_input(words), labels.astype("int32"))
        engine.train(job, net, loss_function, trainer, batches)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs()), job.batch_size)
        probabilities = mx.nd.softmax(logits).asnumpy()
    job.predictions(probabilities)
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, mxnet=mx.__version__)
