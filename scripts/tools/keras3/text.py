"""The LSTM on letters in Keras 3: layers, compile, fit, predict.

https://keras.io/examples/nlp/bidirectional_lstm_imdb/
"""

import contract  # isort: split

import engine  # isort: split

import keras
from keras import layers


def network(job):
    """The network of the protocol. Glorot's weights have to be asked for, all else is Keras's own:

    a forget gate whose bias starts with 1, gates with a sigmoid, nothing that is masked.
    """
    return keras.Sequential(
        [
            keras.Input(shape=(job.places,), dtype="uint8"),
            layers.Embedding(
                job.tokens, 16, embeddings_initializer="glorot_uniform", name="embedding"
            ),
            layers.LSTM(64, recurrent_initializer="glorot_uniform", name="lstm"),
            layers.Dropout(job.dropout),
            layers.Dense(job.classes, activation="softmax", name="dense1"),
        ]
    )


def main(job):
    words, labels = job.training_set()
    with engine.new_model(job):
        model = network(job)
        model.compile(loss="categorical_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        data = engine.feed(job, words, keras.utils.to_categorical(labels, job.classes))
        model.fit(**data, epochs=job.epochs, callbacks=[engine.EpochEvents(job)], verbose=0)

    with job.evaluation():
        inputs = job.test_inputs()
        job.predictions(model.predict(inputs, batch_size=job.batch_size, verbose=0))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
