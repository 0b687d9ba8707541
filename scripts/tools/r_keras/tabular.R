# The multilayer perceptron in Keras 3, driven from R: layers, compile, fit, predict.
#
# https://keras3.posit.co/articles/getting_started.html

source(Sys.getenv("BENCHM_CONTRACT"))
use("engine.R")

# Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases.
network <- if (INTERFACE == "keras3") {
  function(inputs, dropout) {
    keras_model_sequential(input_shape = inputs) |>
      layer_dense(200, activation = "relu", name = "dense1") |>
      layer_dropout(dropout) |>
      layer_dense(200, activation = "relu", name = "dense2") |>
      layer_dropout(dropout) |>
      layer_dense(1, activation = "sigmoid", name = "dense3")
  }
} else {
  function(inputs, dropout) {
    layers <- keras$layers
    keras$Sequential(list(
      keras$Input(shape = list(inputs)),
      layers$Dense(200L, activation = "relu", name = "dense1"),
      layers$Dropout(dropout),
      layers$Dense(200L, activation = "relu", name = "dense2"),
      layers$Dropout(dropout),
      layers$Dense(1L, activation = "sigmoid", name = "dense3")
    ))
  }
}

# Rows, bytes, as float32: one-hot columns, then numbers of two bytes each.
to_input <- function(rows, one_hot, numbers) {
  start <- ncol(rows) - one_hot - 2L * numbers
  first <- start + one_hot + 2L * seq_len(numbers) - 1L
  pairs <- 256 * rows[, first, drop = FALSE] + rows[, first + 1L, drop = FALSE]
  as_float32(cbind(rows[, start + seq_len(one_hot), drop = FALSE] / 255, pairs / 4096 - 8))
}

main <- function(job) {
  data <- training_set(job)
  begin(job)
  one_hot <- sum(unlist(job$columns$categorical))
  numbers <- length(job$columns$numbers)
  model <- network(one_hot + numbers, job$dropout)
  compile_model(job, model, loss = "binary_crossentropy")
  describe_model(job, model)
  initial_weights(job, model_weights(model))

  timed_run(job, synchronise = synchronise, {
    targets <- as_float32(matrix(data$targets, ncol = 1L))
    fit_model(job, model, feed(job, to_input(data$inputs, one_hot, numbers), targets))
  })

  timed_evaluation(job, {
    inputs <- to_input(test_inputs(job), one_hot, numbers)
    predictions(job, predict_scores(job, model, inputs))
  })
  trained_weights(job, model_weights(model))
}

if (sys.nframe() == 0L) run_adapter(main, VERSIONS)
