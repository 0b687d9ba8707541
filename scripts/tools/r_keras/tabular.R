# The multilayer perceptron in Keras 3, driven from R: layers, compile, fit, predict.
#
# https://keras3.posit.co/articles/getting_started.html

source(Sys.getenv("BENCHM_CONTRACT"))
use("engine.R")

# Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases.
network <- if (INTERFACE == "keras3") {
  function(dropout) {
    keras_model_sequential(input_shape = 144) |>
      layer_dense(200, activation = "relu", name = "dense1") |>
      layer_dropout(dropout) |>
      layer_dense(200, activation = "relu", name = "dense2") |>
      layer_dropout(dropout) |>
      layer_dense(1, activation = "sigmoid", name = "dense3")
  }
} else {
  function(dropout) {
    layers <- keras$layers
    keras$Sequential(list(
      keras$Input(shape = list(144L)),
      layers$Dense(200L, activation = "relu", name = "dense1"),
      layers$Dropout(dropout),
      layers$Dense(200L, activation = "relu", name = "dense2"),
      layers$Dropout(dropout),
      layers$Dense(1L, activation = "sigmoid", name = "dense3")
    ))
  }
}

# Rows, bytes (n, 155), as float32 (n, 144), one-hot and numbers.
to_input <- function(rows) {
  first <- c(152L, 154L)
  numbers <- (256 * rows[, first, drop = FALSE] + rows[, first + 1L, drop = FALSE]) / 4096 - 8
  as_float32(cbind(rows[, 10:151, drop = FALSE] / 255, numbers))
}

main <- function(job) {
  data <- training_set(job)
  begin(job)
  model <- network(job$dropout)
  compile_model(job, model, loss = "binary_crossentropy")
  describe_model(job, model)
  initial_weights(job, model_weights(model))

  timed_run(job, synchronise = synchronise, {
    targets <- as_float32(matrix(data$targets, ncol = 1L))
    fit_model(job, model, feed(job, to_input(data$inputs), targets))
  })

  timed_evaluation(job, {
    predictions(job, predict_scores(job, model, to_input(test_inputs(job))))
  })
  trained_weights(job, model_weights(model))
}

if (sys.nframe() == 0L) run_adapter(main, VERSIONS)
