# How Keras 3 on TensorFlow trains when it is driven from R, whatever the network.
#
# https://keras3.posit.co/articles/getting_started.html
# https://rstudio.github.io/reticulate/articles/calling_python.html
# Where the R package keras3 is installed, its functions are measured; without it, Python's
# Keras through reticulate. The fact `interface` says which it was. TensorFlow's threads,
# precision and device are set once, when this file is sourced.

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
configure_tensorflow <- function(threads, gpus_asked) {
  tf$config$threading$set_intra_op_parallelism_threads(threads)
  tf$config$threading$set_inter_op_parallelism_threads(threads)
  tf$config$experimental$enable_tensor_float_32_execution(FALSE)
  facts <- list(threads = tf$config$threading$get_intra_op_parallelism_threads())
  if (gpus_asked > 0L) {
    gpus <- tf$config$list_physical_devices("GPU")
    if (length(gpus) < gpus_asked) {
      stop("tensorflow finds ", length(gpus), " of ", gpus_asked, " GPUs", call. = FALSE)
    }
    tf$config$set_visible_devices(gpus[1], "GPU") # Keras trains on one unless told otherwise
    tf$config$experimental$set_memory_growth(gpus[[1]], TRUE) # else it takes all memory at once
    facts <- c(facts, gpus_used = 1L, memory = "on demand")
  }
  facts
}

FACTS <- configure_tensorflow(KEYS$threads, length(KEYS$gpus))
INTERFACE <- if (requireNamespace("keras3", quietly = TRUE)) "keras3" else "reticulate"
keras <- import("keras")
np <- import("numpy", convert = FALSE) # its arrays stay in Python

# The packages that are measured.
VERSIONS <- list(
  keras = keras$`__version__`,
  tensorflow = tf$`__version__`,
  reticulate = packageVersion("reticulate"),
  python = import("platform")$python_version()
)

# What differs between the two interfaces: compiling with the protocol's optimiser (momentum, and
# a rate of learning_rate / (1 + decay * step)), training on `data` with functions to be called
# when an epoch begins and ends, and predicting.
if (INTERFACE == "keras3") {
  library(keras3, warn.conflicts = FALSE)

  compile_model <- function(job, model, loss) {
    rate <- learning_rate_schedule_inverse_time_decay(job$learning_rate, 1, job$decay)
    sgd <- optimizer_sgd(rate, momentum = as.numeric(job$momentum))
    model |> compile(loss = loss, optimizer = sgd)
  }
  fit_epochs <- function(model, data, epochs, on_begin, on_end) {
    events <- callback_lambda(on_epoch_begin = on_begin, on_epoch_end = on_end)
    model |> fit(
      data,
      epochs = epochs, shuffle = FALSE, callbacks = list(events), verbose = 0,
      view_metrics = FALSE
    )
  }
  predict_scores <- function(job, model, inputs) {
    model |> predict(inputs, batch_size = job$batch_size, verbose = 0)
  }
} else {
  compile_model <- function(job, model, loss) {
    rate <- keras$optimizers$schedules$InverseTimeDecay(job$learning_rate, 1L, job$decay)
    sgd <- keras$optimizers$SGD(rate, momentum = as.numeric(job$momentum))
    model$compile(loss = loss, optimizer = sgd)
  }
  fit_epochs <- function(model, data, epochs, on_begin, on_end) {
    events <- keras$callbacks$LambdaCallback(on_epoch_begin = on_begin, on_epoch_end = on_end)
    model$fit(data, epochs = epochs, shuffle = FALSE, callbacks = list(events), verbose = 0L)
  }
  predict_scores <- function(job, model, inputs) {
    model$predict(inputs, batch_size = job$batch_size, verbose = 0L)
  }
}

# Forgets earlier models and sets the seed: before a model is built.
begin <- function(job) {
  keras$utils$clear_session()
  keras$utils$set_random_seed(job$seed)
}

# R's numbers as an array of NumPy's, float32, the last dimension fastest.
as_float32 <- function(values) np$asarray(values, dtype = "float32", order = "C")

# Labels, whole numbers from 0, as float32 (n, classes).
one_hot <- function(labels, classes) as_float32(diag(classes)[labels + 1L, , drop = FALSE])

# Batches of `inputs` and `targets` (arrays of n samples) for fit, shuffled anew every epoch.
#
# From arrays, fit on TensorFlow (Keras 3.15) draws one order and repeats it in every epoch as
# soon as a seed is set. TensorFlow's own pipeline reshuffles, at the same speed.
feed <- function(job, inputs, targets) {
  data <- tf$data$Dataset$from_tensor_slices(tuple(inputs, targets))
  shuffled <- data$shuffle(data$cardinality(), seed = job$seed)
  shuffled$batch(job$batch_size)$prefetch(tf$data$AUTOTUNE)
}

synchronise <- function() tf$test$experimental$sync_devices()

# Trains for the job's epochs, and tells the meter when each starts and stops.
fit_model <- function(job, model, data) {
  steps <- function() model$optimizer$iterations$numpy() # as Keras counts them
  fit_epochs(
    model, data, job$epochs,
    on_begin = function(epoch, logs) epoch_begins(job),
    on_end = function(epoch, logs) epoch_ends(job, synchronise, steps)
  )
}

# The weights by name: a layer's, then the weight's, e.g. `dense1_kernel`.
#
# The layouts are canonical: filters (height, width, in, out), matrices (in, out).
model_weights <- function(model) lapply(named_variables(model), as_float32)

named_variables <- function(model) {
  named <- list()
  for (layer in model$layers) {
    for (variable in layer$weights) named[[paste0(layer$name, "_", variable$name)]] <- variable
  }
  named
}

# Records how the tool runs, as it says itself.
describe_model <- function(job, model) {
  describe_run(job, c(FACTS, list(
    parameters = model$count_params(),
    precision = keras$config$dtype_policy()$name,
    data_format = keras$config$image_data_format(),
    jit = model$jit_compile,
    interface = paste(INTERFACE, packageVersion(INTERFACE))
  )))
}
