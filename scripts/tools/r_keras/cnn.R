# The convolutional network in Keras 3, driven from R: layers, compile, fit, predict.
#
# https://keras3.posit.co/articles/examples/vision/mnist_convnet.html

source(Sys.getenv("BENCHM_CONTRACT"))
use("engine.R")

# Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases, 'valid'
# convolutions, pooling with a stride of its own size.
network <- if (INTERFACE == "keras3") {
  function(dropout) {
    keras_model_sequential(input_shape = c(28, 28, 1)) |>
      layer_conv_2d(32, kernel_size = 4, activation = "relu", name = "conv1") |>
      layer_max_pooling_2d(pool_size = 2) |>
      layer_conv_2d(16, kernel_size = 3, activation = "relu", name = "conv2") |>
      layer_max_pooling_2d(pool_size = 2) |>
      layer_dropout(dropout) |>
      layer_flatten() |>
      layer_dense(128, activation = "relu", name = "dense1") |>
      layer_dense(64, activation = "relu", name = "dense2") |>
      layer_dense(10, activation = "softmax", name = "dense3")
  }
} else {
  function(dropout) {
    layers <- keras$layers
    keras$Sequential(list(
      keras$Input(shape = c(28L, 28L, 1L)),
      layers$Conv2D(32L, kernel_size = 4L, activation = "relu", name = "conv1"),
      layers$MaxPooling2D(pool_size = 2L),
      layers$Conv2D(16L, kernel_size = 3L, activation = "relu", name = "conv2"),
      layers$MaxPooling2D(pool_size = 2L),
      layers$Dropout(dropout),
      layers$Flatten(),
      layers$Dense(128L, activation = "relu", name = "dense1"),
      layers$Dense(64L, activation = "relu", name = "dense2"),
      layers$Dense(10L, activation = "softmax", name = "dense3")
    ))
  }
}

# Images 0 to 255, (n, 28, 28), as float32 (n, 28, 28, 1) from 0 to 1.
to_input <- function(images) as_float32(images / 255)$reshape(c(-1L, 28L, 28L, 1L))

main <- function(job) {
  data <- training_set(job)
  begin(job)
  model <- network(job$dropout)
  compile_model(job, model, loss = "categorical_crossentropy")
  describe_model(job, model)
  initial_weights(job, model_weights(model))

  timed_run(job, synchronise = synchronise, {
    fit_model(job, model, feed(job, to_input(data$inputs), one_hot(data$targets, 10L)))
  })

  timed_evaluation(job, {
    predictions(job, predict_scores(job, model, to_input(test_inputs(job))))
  })
  trained_weights(job, model_weights(model))
}

if (sys.nframe() == 0L) run_adapter(main, VERSIONS)
