"""The LSTM on letters in Keras 2.3: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/imdb_lstm.py
"""

import contract  # isort: split

import engine  # isort: split

import keras
from keras.layers import LSTM, Dense, Dropout, Embedding


def network(dropout):
    """The network of the protocol. Glorot's weights have to be asked for, all else is Keras's own:

    a forget gate whose bias starts with 1, gates with a sigmoid (until Keras 2.2 a hard one),
    nothing that is masked.
    """
    glorot = "glorot_uniform"
    model = keras.models.Sequential()
    model.add(Embedding(61, 16, embeddings_initializer=glorot, input_length=16, name="embedding"))
    model.add(LSTM(64, recurrent_initializer=glorot, unroll=True, name="lstm"))
    model.add(Dropout(dropout))
    model.add(Dense(10, activation="softmax", name="dense1"))
    return model


def main(job):
    words, languages = job.training_set()
    engine.begin(job)
    model = network(job.dropout)
    model.compile(loss="categorical_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        model.fit(
            words,
            keras.utils.to_categorical(languages, 10),
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
