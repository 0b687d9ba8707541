# The probe of the R Keras adapter; scripts/tools/parity/probe.py says what is asked.
#
# probe.py itself asks: reticulate hands it R's functions as if they were a Python object's methods.

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
here <- dirname(gsub("~+~", " ", script, fixed = TRUE))
source(file.path(here, "..", "r_keras.R"), chdir = TRUE)

job <- start_job(versions = list(keras = keras$`__version__`))
keras$utils$set_random_seed(job$seed)
with_dropout <- compiled_model(job)
model <- compiled_model(job, dropout = 0)

class_of <- function(layer) layer$`__class__`$`__name__`

# The variables under their canonical names; Keras has that layout.
named_variables <- function(model) {
  counts <- c(conv = 0L, dense = 0L)
  named <- list()
  for (layer in model$layers) {
    kind <- switch(class_of(layer), Conv2D = "conv", Dense = "dense")
    if (is.null(kind)) next
    counts[kind] <- counts[kind] + 1L
    named[[paste0(kind, counts[kind], "_kernel")]] <- layer$kernel
    named[[paste0(kind, counts[kind], "_bias")]] <- layer$bias # no entry for NULL
  }
  named
}

as_float32 <- function(values) np$asarray(values, dtype = "float32", order = "C")

precision <- function() {
  kinds <- unique(vapply(model$layers, function(layer) layer$compute_dtype, ""))
  if (tf$config$experimental$tensor_float_32_execution_enabled()) {
    kinds <- sub("^float32$", "tf32", kinds)
  }
  weights <- unique(vapply(model$trainable_variables, function(variable) variable$dtype, ""))
  list(weights = paste(weights, collapse = " and "), compute = paste(kinds, collapse = " and "))
}

layers <- function() {
  lapply(with_dropout$layers, function(layer) {
    list(
      name = layer$name,
      output = as.list(unlist(layer$output$shape)), # without the batch, which is NULL
      parameters = layer$count_params()
    )
  })
}

load <- function(weights) {
  for (each in list(model, with_dropout)) {
    variables <- named_variables(each)
    for (name in names(variables)) variables[[name]]$assign(as_float32(weights[[name]]))
  }
  compile_model(model, job) # a new optimiser: without velocity, at step 0
}

weights <- function() {
  lapply(named_variables(model), keras$ops$convert_to_numpy)
}

log_probabilities <- function(images) {
  log(predict_scores(with_dropout, to_input(images), job))
}

loss_and_gradients <- function(images, labels) {
  x <- tf$constant(to_input(images))
  y <- tf$constant(one_hot(labels))
  variables <- named_variables(model)
  with(tf$GradientTape() %as% tape, {
    loss <- model$compute_loss(x = x, y = y, y_pred = model(x, training = TRUE))
  })
  gradients <- tape$gradient(loss, lapply(unname(variables), function(each) each$value))
  gradients <- lapply(gradients, function(each) each$numpy())
  tuple(loss$numpy(), setNames(gradients, names(variables)))
}

nothing <- function(epoch, logs) NULL

step <- function(images, labels) {
  arrays <- tuple(to_input(images), one_hot(labels))
  fit_model(model, training_data(job, length(labels), arrays), 1L, nothing, nothing)
  model$history$history$loss
}

# Runs fit with a training function that notes the images' numbers instead of training.
shuffled_epochs <- function(n, epochs) {
  images <- array(0, c(n, 28L, 28L, 1L))
  images[, 1, 1, 1] <- seq_len(n) - 1L
  arrays <- tuple(as_float32(images), as_float32(matrix(0, n, 10L)))
  consumed <- list()
  idle <- compiled_model(job)
  idle$train_function <- function(batches) {
    numbers <- iter_next(batches)[[1]]$numpy()[, 1, 1, 1]
    epoch <- length(consumed)
    consumed[[epoch]] <<- c(consumed[[epoch]], list(np$asarray(numbers, dtype = "int64")))
    dict()
  }
  new_epoch <- function(epoch, logs) consumed[[length(consumed) + 1L]] <<- list()
  fit_model(idle, training_data(job, n, arrays), epochs, new_epoch, nothing)
  consumed
}

dropout <- function(shape) {
  layer <- Filter(function(layer) class_of(layer) == "Dropout", with_dropout$layers)[[1]]
  layer(tf$ones(unlist(shape)), training = TRUE)$numpy()
}

facts <- function() {
  interface <- paste(INTERFACE, packageVersion(INTERFACE))
  c(FACTS, list(jit = model$jit_compile, interface = interface, r = as.character(getRversion())))
}

subject <- import("types")$SimpleNamespace(
  precision = precision, layers = layers, load = load, weights = weights,
  log_probabilities = log_probabilities, loss_and_gradients = loss_and_gradients,
  step = step, shuffled_epochs = shuffled_epochs, dropout = dropout, facts = facts
)
import_from_path("probe", here)$drive(subject, job$inputs, job$answers)
