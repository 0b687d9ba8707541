"""The LSTM on letters in Keras 3: layers, compile, fit, predict.

https://keras.io/examples/nlp/bidirectional_lstm_imdb/
"""

import contract  # isort: split

import engine  # isort: split

import keras
from keras import layers


def network(dropout):
    """The network of the protocol. Glorot's weights have to be asked for, all else is Keras's own:

    a forget gate whose bias starts with 1, gates with a sigmoid, nothing that is masked.
    """
    return keras.Sequential(
        [
            keras.Input(shape=(16,), dtype="uint8"),
            layers.Embedding(61, 16, embeddings_initializer="glorot_uniform", name="embedding"),
            layers.LSTM(64, recurrent_initializer="glorot_uniform", name="lstm"),
            layers.Dropout(dropout),
            layers.Dense(10, activation="softmax", name="dense1"),
        ]
    )


def main(job):
    words, languages = job.training_set()
    with engine.new_model(job):
        model = network(job.dropout)
        model.compile(loss="categorical_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        data = engine.feed(job, words, keras.utils.to_categorical(languages, 10))
        model.fit(**data, epochs=job.epochs, callbacks=[engine.EpochEvents(job)], verbose=0)

    with job.evaluation():
        inputs = job.test_inputs()
        job.predictions(model.predict(inputs, batch_size=job.batch_size, verbose=0))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
