# The LSTM on letters in Keras 3, driven from R: layers, compile, fit, predict.
#
# https://keras3.posit.co/articles/examples/nlp/bidirectional_lstm_imdb.html

source(Sys.getenv("BENCHM_CONTRACT"))
use("engine.R")

# Glorot's weights have to be asked for. All else is Keras's own: a forget gate whose bias starts
# with 1, gates with a sigmoid, nothing that is masked.
network <- if (INTERFACE == "keras3") {
  function(job) {
    glorot <- "glorot_uniform"
    keras_model_sequential(input_shape = job$places, input_dtype = "uint8") |>
      layer_embedding(job$tokens, 16, embeddings_initializer = glorot, name = "embedding") |>
      layer_lstm(64, recurrent_initializer = glorot, name = "lstm") |>
      layer_dropout(job$dropout) |>
      layer_dense(job$classes, activation = "softmax", name = "dense1")
  }
} else {
  function(job) {
    glorot <- "glorot_uniform"
    layers <- keras$layers
    keras$Sequential(list(
      keras$Input(shape = list(job$places), dtype = "uint8"),
      layers$Embedding(job$tokens, 16L, embeddings_initializer = glorot, name = "embedding"),
      layers$LSTM(64L, recurrent_initializer = glorot, name = "lstm"),
      layers$Dropout(job$dropout),
      layers$Dense(job$classes, activation = "softmax", name = "dense1")
    ))
  }
}

# Words, bytes (n, places), as the indices that an embedding takes.
to_input <- function(words) np$asarray(words, dtype = "uint8", order = "C")

main <- function(job) {
  data <- training_set(job)
  begin(job)
  model <- network(job)
  compile_model(job, model, loss = "categorical_crossentropy")
  describe_model(job, model)
  initial_weights(job, model_weights(model))

  timed_run(job, synchronise = synchronise, {
    fit_model(job, model, feed(job, to_input(data$inputs), one_hot(data$targets, job$classes)))
  })

  timed_evaluation(job, {
    predictions(job, predict_scores(job, model, to_input(test_inputs(job))))
  })
  trained_weights(job, model_weights(model))
}

if (sys.nframe() == 0L) run_adapter(main, VERSIONS)
