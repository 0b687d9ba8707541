# Keras 3 on TensorFlow, driven from R: layers, compile, fit, predict.
#
# https://keras3.posit.co/articles/getting_started.html
# https://rstudio.github.io/reticulate/articles/calling_python.html
# Where the R package keras3 is installed, its functions are measured; without it, Python's
# Keras through reticulate. The fact `interface` says which it was.

# Rscript writes "~+~" for a space in the path of the file that it runs. Whoever sources this
# file instead does it with chdir = TRUE.
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
script <- gsub("~+~", " ", script, fixed = TRUE)
source(if (sys.nframe() == 0L) file.path(dirname(script), "contract.R") else "contract.R")

KEYS <- read_job()

# reticulate would rather look for a Python by itself, or fetch one, and measure another
# TensorFlow. Keras reads its two when it is loaded: in its home it looks for the user's
# keras.json (precision, data format), which is no part of this run.
if (!nzchar(Sys.getenv("CONDA_PREFIX"))) {
  stop("CONDA_PREFIX is not set: activate the tool's environment first", call. = FALSE)
}
Sys.setenv(
  RETICULATE_PYTHON = file.path(Sys.getenv("CONDA_PREFIX"), "bin", "python"),
  KERAS_BACKEND = "tensorflow",
  KERAS_HOME = KEYS$scratch
)
if (length(KEYS$gpus) == 0L) Sys.setenv(CUDA_VISIBLE_DEVICES = "-1") # else one would be used

library(reticulate)

tf <- import("tensorflow")

# Sets threads, memory and full float32; returns the facts about them.
#
# Before Keras is loaded: the package keras3 makes a tensor when that happens, and from then on
# TensorFlow's threads are what they are.
configure_tensorflow <- function(job) {
  tf$config$threading$set_intra_op_parallelism_threads(job$threads)
  tf$config$threading$set_inter_op_parallelism_threads(job$threads)
  tf$config$experimental$enable_tensor_float_32_execution(FALSE)
  facts <- list(threads = tf$config$threading$get_intra_op_parallelism_threads())
  if (length(job$gpus) > 0L) {
    gpus <- tf$config$list_physical_devices("GPU")
    if (length(gpus) < length(job$gpus)) {
      stop("tensorflow finds ", length(gpus), " of ", length(job$gpus), " GPUs", call. = FALSE)
    }
    tf$config$set_visible_devices(gpus[1], "GPU") # Keras trains on one unless told otherwise
    tf$config$experimental$set_memory_growth(gpus[[1]], TRUE) # else it takes all memory at once
    facts <- c(facts, gpus_used = 1L, memory = "on demand")
  }
  facts
}

FACTS <- configure_tensorflow(KEYS)
INTERFACE <- if (requireNamespace("keras3", quietly = TRUE)) "keras3" else "reticulate"
keras <- import("keras")
np <- import("numpy", convert = FALSE) # its arrays stay in Python

# The network of the protocol, 65,402 parameters; its loss and optimiser; training it with a
# callback; the scores of the ten classes, a matrix (n, 10). Keras's own defaults are the
# protocol's: Glorot-uniform weights, zero biases, 'valid' convolutions, pooling with a stride
# of its own size.
if (INTERFACE == "keras3") {
  library(keras3, warn.conflicts = FALSE)

  network <- function(dropout) {
    keras_model_sequential(input_shape = c(28, 28, 1)) |>
      layer_conv_2d(32, kernel_size = 4, activation = "relu") |>
      layer_max_pooling_2d(pool_size = 2) |>
      layer_conv_2d(16, kernel_size = 3, activation = "relu") |>
      layer_max_pooling_2d(pool_size = 2) |>
      layer_dropout(dropout) |>
      layer_flatten() |>
      layer_dense(128, activation = "relu") |>
      layer_dense(64, activation = "relu") |>
      layer_dense(10, activation = "softmax")
  }
  compile_model <- function(model, job) {
    rate <- learning_rate_schedule_inverse_time_decay(job$learning_rate, 1, job$decay)
    sgd <- optimizer_sgd(rate, momentum = job$momentum)
    model |> compile(loss = "categorical_crossentropy", optimizer = sgd)
  }
  fit_model <- function(model, data, epochs, on_begin, on_end) {
    events <- callback_lambda(on_epoch_begin = on_begin, on_epoch_end = on_end)
    model |> fit(
      data,
      epochs = epochs, shuffle = FALSE, callbacks = list(events), verbose = 0,
      view_metrics = FALSE
    )
  }
  predict_scores <- function(model, images, job) {
    model |> predict(images, batch_size = job$batch_size, verbose = 0)
  }
} else {
  network <- function(dropout) {
    layers <- keras$layers
    keras$Sequential(list(
      keras$Input(shape = c(28L, 28L, 1L)),
      layers$Conv2D(32L, kernel_size = 4L, activation = "relu"),
      layers$MaxPooling2D(pool_size = 2L),
      layers$Conv2D(16L, kernel_size = 3L, activation = "relu"),
      layers$MaxPooling2D(pool_size = 2L),
      layers$Dropout(dropout),
      layers$Flatten(),
      layers$Dense(128L, activation = "relu"),
      layers$Dense(64L, activation = "relu"),
      layers$Dense(10L, activation = "softmax")
    ))
  }
  compile_model <- function(model, job) {
    rate <- keras$optimizers$schedules$InverseTimeDecay(job$learning_rate, 1L, job$decay)
    sgd <- keras$optimizers$SGD(rate, momentum = job$momentum)
    model$compile(loss = "categorical_crossentropy", optimizer = sgd)
  }
  fit_model <- function(model, data, epochs, on_begin, on_end) {
    events <- keras$callbacks$LambdaCallback(on_epoch_begin = on_begin, on_epoch_end = on_end)
    model$fit(data, epochs = epochs, shuffle = FALSE, callbacks = list(events), verbose = 0L)
  }
  predict_scores <- function(model, images, job) {
    model$predict(images, batch_size = job$batch_size, verbose = 0L)
  }
}

compiled_model <- function(job, dropout = job$dropout) {
  model <- network(dropout)
  compile_model(model, job)
  model
}

# Images 0 to 255, (n, 28, 28), as float32 (n, 28, 28, 1) from 0 to 1, the last dimension fastest.
to_input <- function(images) {
  np$asarray(images / 255, dtype = "float32", order = "C")$reshape(c(-1L, 28L, 28L, 1L))
}

one_hot <- function(labels) {
  np$asarray(diag(10)[labels + 1L, , drop = FALSE], dtype = "float32", order = "C")
}

# Batches of `arrays` (each of n items) for fit, shuffled anew every epoch, from the seed.
#
# From arrays, fit on TensorFlow (Keras 3.15) draws one order and repeats it in every epoch as
# soon as a seed is set. TensorFlow's own pipeline reshuffles, at the same speed.
training_data <- function(job, n, arrays) {
  data <- tf$data$Dataset$from_tensor_slices(arrays)
  data$shuffle(n, seed = job$seed)$batch(job$batch_size)$prefetch(tf$data$AUTOTUNE)
}

main <- function() {
  job <- start_job(versions = list(
    keras = keras$`__version__`,
    tensorflow = tf$`__version__`,
    reticulate = packageVersion("reticulate"),
    python = import("platform")$python_version()
  ))
  keras$utils$set_random_seed(job$seed)

  training <- training_set(job)
  arrays <- tuple(to_input(training$images), one_hot(training$labels))
  data <- training_data(job, job$n_train, arrays)
  images <- to_input(test_images(job))

  model <- compiled_model(job)
  describe_run(job, c(FACTS, list(
    parameters = model$count_params(),
    precision = keras$config$dtype_policy()$name,
    data_format = keras$config$image_data_format(),
    jit = model$jit_compile,
    interface = paste(INTERFACE, packageVersion(INTERFACE))
  )))

  synchronise <- tf$test$experimental$sync_devices
  timed_run(job, synchronise = synchronise, {
    fit_model(
      model, data, job$epochs,
      on_begin = function(epoch, logs) epoch_begins(job),
      on_end = function(epoch, logs) epoch_ends(job, synchronise)
    )
  })

  timed_evaluation(job, {
    labels <- max.col(predict_scores(model, images, job), ties.method = "first") - 1L
  })
  write_predictions(job, labels)
}

if (sys.nframe() == 0L) main()
