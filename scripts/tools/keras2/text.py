"""The LSTM on letters in Keras 2.3: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/imdb_lstm.py
"""

import contract  # isort: split

import engine  # isort: split

import keras
from keras.layers import LSTM, Dense, Dropout, Embedding


def network(job):
    """The network of the protocol. Glorot's weights have to be asked for, all else is Keras's own:

    a forget gate whose bias starts with 1, gates with a sigmoid (until Keras 2.2 a hard one),
    nothing that is masked.
    """
    glorot = "glorot_uniform"
    model = keras.models.Sequential()
    embedding = {"embeddings_initializer": glorot, "input_length": job.places}
    model.add(Embedding(job.tokens, 16, name="embedding", **embedding))
    model.add(LSTM(64, recurrent_initializer=glorot, unroll=True, name="lstm"))
    model.add(Dropout(job.dropout))
    model.add(Dense(job.classes, activation="softmax", name="dense1"))
    return model


def main(job):
    words, labels = job.training_set()
    engine.begin(job)
    model = network(job)
    model.compile(loss="categorical_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        model.fit(
            words,
            keras.utils.to_categorical(labels, job.classes),
            batch_size=job.batch_size,
            epochs=job.epochs,
            callbacks=[engine.EpochEvents(job)],
            verbose=0,
        )

    with job.evaluation():
        job.predictions(model.predict(job.test_inputs(), batch_size=job.batch_size))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
