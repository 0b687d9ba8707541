# The tool's side of the contract with the meter, for adapters written in R.
#
# An adapter sources this file before anything else, so that the time of loading its packages
# is measured, and then reads top to bottom:
#
#     source(Sys.getenv("BENCHM_CONTRACT"))
#     library(torch)
#
#     main <- function(job) {
#       data <- training_set(job)                # inputs and targets
#       model <- ...
#       initial_weights(job, canonical(model))   # named list, under the workload's names
#       timed_run(job, synchronise = synchronise, {
#         ...                                    # scaling, conversion, transfer: inside
#         for (epoch in seq_len(job$epochs)) timed_epoch(job, synchronise = synchronise, ...)
#       })
#       timed_evaluation(job, scores <- ...)     # of test_inputs(job)
#       predictions(job, scores)
#       trained_weights(job, canonical(model))
#     }
#
#     if (sys.nframe() == 0L) run_adapter(main, versions = list(torch = packageVersion("torch")))
#
# What other files of its folder define is had with `use("engine.R")`. `main` may be called
# several times in one process: what belongs to the process (threads, precision, device) is set
# up once, when a file is sourced, from `read_job()`; everything else is read from the job.
#
# Events are JSON lines, arrays travel in safetensors files, as contract.py says. Needs the
# package jsonlite, which reticulate brings along; reticulate itself only for an adapter that
# hands over NumPy's arrays.

# Version of the contract; the meter refuses an adapter of another.
CONTRACT_VERSION <- 2L

# After an error R's last words are "Execution halted", but the last line of the log is what the
# meter gives as the reason: say the error again, in one line.
options(error = quote({
  message <- sub("\nCalls: .*", "", geterrmessage())
  cat(trimws(gsub("[[:space:]]+", " ", message)), "\n", file = stderr(), sep = "")
  quit(save = "no", status = 1L, runLast = FALSE)
}))

# Sources a file of the adapter's own folder, which the meter names.
use <- function(file) {
  source(file.path(Sys.getenv("BENCHM_ADAPTER"), file))
}

# -- jobs ------------------------------------------------------------------------------------

# The jobs of the file named on the command line, a list of lists; whole numbers are integers.
read_jobs <- function() {
  arguments <- commandArgs(trailingOnly = TRUE)
  if (length(arguments) != 1L) {
    stop("usage: Rscript adapter.R job.json (started by scripts/meter.py)", call. = FALSE)
  }
  keys <- jsonlite::read_json(arguments, simplifyVector = TRUE, simplifyDataFrame = FALSE)
  if ("jobs" %in% names(keys)) keys$jobs else list(keys)
}

# The keys of the (first) job, for what a tool must be told before it is loaded.
#
# `device`, `gpus`, `threads`, `options` and `scratch` are the same in all jobs of a process;
# what may differ from job to job is read from the argument of `main`.
read_job <- function() read_jobs()[[1]]

# Runs `main(job)` for each job, and writes what it hands over. A job is an environment that
# holds the keys of the job file (see contract.py). Everything before this call counts as import.
#
# versions: named list of the packages that are measured.
run_adapter <- function(main, versions) {
  versions <- lapply(versions, as.character)
  for (keys in read_jobs()) {
    job <- list2env(keys)
    job$pipe <- file(job$events, open = "w", raw = TRUE)
    job$next_epoch <- 0L
    job$in_init <- TRUE
    job$weights <- list()
    send_event(
      job, "init_start",
      contract = CONTRACT_VERSION,
      interpreter = paste0("R ", R.version$major, ".", R.version$minor),
      versions = versions
    )
    main(job)
    if (length(job$gpus) && "reticulate" %in% loadedNamespaces()) {
      found <- try(reticulate::import("gpu_libraries")$loaded(), silent = TRUE) # as contract.py
      if (is.list(found) && length(found)) describe_run(job, list(gpu_libraries = found))
    }
    if (!is.null(job$predicted)) {
      write_arrays(job$predictions_file, list(predictions = job$predicted))
    }
    write_arrays(job$weights_file, job$weights)
    close(job$pipe)
  }
}

# -- data ------------------------------------------------------------------------------------

# list(inputs, targets): arrays of `n_train` samples, the sample being the first dimension.
#
# For images integers from 0 to 255 of dimensions (n, height, width) and labels from 0, (n). This
# is what lies in memory when the clock starts: scaling and conversion belong into `timed_run()`.
# Take the arrays out of the list there: for a parity card they are others before (decoys.R).
training_set <- function(job) {
  given <- read_arrays(file.path(job$data, "train.safetensors"))[c("inputs", "targets")]
  if (is.null(job$decoys)) return(given)
  source(file.path(dirname(Sys.getenv("BENCHM_CONTRACT")), "decoys.R"), local = TRUE)
  with_decoys(job, given)
}

# The inputs of the `n_test` test samples. Their targets stay with the meter.
test_inputs <- function(job) {
  read_arrays(file.path(job$data, "test.safetensors"))$inputs
}

# -- events ----------------------------------------------------------------------------------

# Sends one event to the meter.
#
# The clock is R's own: the system's time, which can be set while a tool trains.
send_event <- function(job, event, ...) {
  values <- list(event = event, elapsed = proc.time()[["elapsed"]], ...)
  line <- jsonlite::toJSON(values, auto_unbox = TRUE, digits = NA, null = "null")
  writeLines(line, job$pipe, useBytes = TRUE) # JSON is UTF-8 in every locale
  flush(job$pipe)
}

# Records how the tool really ran, as the tool itself reports it: threads, precision,
# data_format, jit, note and whatever else is worth knowing; a named list.
describe_run <- function(job, facts) {
  send_event(job, "describe", facts = facts)
}

# Ends the initialisation; `timed_run()` does it when the adapter has not.
init_done <- function(job) {
  if (job$in_init) {
    job$in_init <- FALSE
    send_event(job, "init_stop")
  }
}

# The timed window: `code` is what a user would call fit; graph building and compiling inside.
#
# synchronise: a function that returns when the device has done all that it was given; on a GPU
# there must be one, or the clock would stop before the work is done.
timed_run <- function(job, code, synchronise = NULL) {
  init_done(job)
  send_event(job, "run_start")
  force(code) # R computes an argument when it is first needed: only here
  await(job, synchronise)
  send_event(job, "run_stop")
  invisible(code)
}

# One pass over the training set, inside `timed_run()`; see `epoch_ends()`.
timed_epoch <- function(job, code, synchronise = NULL, steps = NULL) {
  epoch_begins(job)
  force(code)
  epoch_ends(job, synchronise, steps)
  invisible(code)
}

# The two halves of `timed_epoch()`, for a tool that loops over the epochs itself.
#
# steps: how many updates the tool itself counts since the run began (a number, or a function
# that returns it); left out by a tool that does not count.
epoch_begins <- function(job) {
  send_event(job, "epoch_start", number = job$next_epoch)
}

epoch_ends <- function(job, synchronise = NULL, steps = NULL) {
  await(job, synchronise)
  values <- list(number = job$next_epoch)
  if (!is.null(steps)) values$steps <- as.integer(if (is.function(steps)) steps() else steps)
  do.call(send_event, c(list(job, "epoch_stop"), values))
  job$next_epoch <- job$next_epoch + 1L
}

# Predicting the test set; outside the training time.
timed_evaluation <- function(job, code) {
  send_event(job, "eval_start")
  force(code)
  send_event(job, "eval_stop")
  invisible(code)
}

await <- function(job, synchronise) {
  if (!is.null(synchronise)) {
    synchronise()
  } else if (job$device == "gpu") {
    stop("on a GPU timed_run() and epochs need a function that synchronises it", call. = FALSE)
  }
}

# -- results ---------------------------------------------------------------------------------

# Hand over the weights as initialised, before `timed_run()`, and after the last step: a named
# list, the workload's canonical names (scripts/workloads/<name>/reference.py) and layouts. An
# item is an array of NumPy's, kept in its own type, or R's numbers, kept as float32.
initial_weights <- function(job, weights) keep_weights(job, "initial", weights)
trained_weights <- function(job, weights) keep_weights(job, "trained", weights)

keep_weights <- function(job, when, weights) {
  job$weights[paste0(when, "/", names(weights))] <- lapply(weights, own_copy)
}

# Hands over what was predicted, in the order of the test inputs: a matrix (n, classes) with a
# score or probability for each class, or a vector (n), as the workload's `predicts` says.
predictions <- function(job, scores) {
  job$predicted <- own_copy(scores)
}

# A copy: a tool may go on training in the memory that it lends; R's own arrays never change.
own_copy <- function(values) if (is_numpy(values)) values$copy() else values
is_numpy <- function(values) inherits(values, "numpy.ndarray")

# -- arrays in files -------------------------------------------------------------------------

# What readBin needs to know of safetensors' types; R has no integers of 64 bits.
TYPES <- list(
  BOOL = list("integer", size = 1L, signed = FALSE),
  U8 = list("integer", size = 1L, signed = FALSE),
  I8 = list("integer", size = 1L, signed = TRUE),
  I16 = list("integer", size = 2L, signed = TRUE),
  I32 = list("integer", size = 4L, signed = TRUE),
  F32 = list("numeric", size = 4L, signed = TRUE),
  F64 = list("numeric", size = 8L, signed = TRUE)
)

# NumPy's names of types, and what safetensors calls them.
NUMPY_TYPES <- c(
  bool = "BOOL", uint8 = "U8", int8 = "I8", int16 = "I16", int32 = "I32", int64 = "I64",
  float16 = "F16", float32 = "F32", float64 = "F64"
)

# The arrays of a safetensors file, a named list of R's own; whole numbers as integers.
read_arrays <- function(path) {
  source <- file(path, open = "rb")
  on.exit(close(source))
  size <- sum(read_values(source, path, "U8", 8L) * 256^(0:7))
  if (size > file.size(path) - 8) stop(path, ": not a safetensors file", call. = FALSE)
  header <- jsonlite::fromJSON(rawToChar(readBin(source, "raw", size)))
  header$`__metadata__` <- NULL
  lapply(header, function(about) {
    seek(source, 8 + size + about$data_offsets[1])
    shape <- as.integer(unlist(about$shape))
    values <- read_values(source, path, about$dtype, prod(shape))
    if (about$dtype == "BOOL") values <- as.logical(values)
    # In the file the last dimension runs fastest, in R the first one does.
    if (length(shape) < 2L) array(values, length(values)) else aperm(array(values, rev(shape)))
  })
}

read_values <- function(source, path, type, count) {
  about <- TYPES[[type]]
  if (is.null(about)) stop(path, ": R can't read arrays of type ", type, call. = FALSE)
  values <- readBin(source, about[[1]], count, about$size, about$signed, "little")
  if (length(values) != count) stop(path, ": ends before its arrays do", call. = FALSE)
  values
}

# Writes arrays (a named list) to a safetensors file: NumPy's in their type, R's numbers as float32.
write_arrays <- function(path, arrays) {
  arrays <- lapply(arrays[sort(as.character(names(arrays)), method = "radix")], encoded)
  header <- list()
  end <- 0
  for (name in names(arrays)) {
    array <- arrays[[name]]
    offsets <- end + c(0, length(array$bytes))
    header[[name]] <- list(dtype = array$type, shape = I(array$shape), data_offsets = offsets)
    end <- offsets[2]
  }
  text <- if (length(header)) jsonlite::toJSON(header, auto_unbox = TRUE, digits = NA) else "{}"
  text <- charToRaw(enc2utf8(as.character(text)))
  text <- c(text, rep(charToRaw(" "), -length(text) %% 8L))
  out <- file(path, open = "wb")
  on.exit(close(out))
  writeBin(as.integer(c(length(text), 0L)), out, size = 4L, endian = "little") # 64 bits
  writeBin(text, out)
  for (array in arrays) writeBin(array$bytes, out)
}

# list(type, shape, bytes) of an array, its last dimension running fastest.
encoded <- function(values) {
  if (is_numpy(values)) {
    # Bytes, not values: R would turn the array into its own layout and type.
    type <- NUMPY_TYPES[reticulate::py_to_r(values$dtype$name)]
    bytes <- reticulate::import_builtins()$bytearray(values$tobytes())
    shape <- unlist(reticulate::py_to_r(values$shape))
  } else {
    type <- if (is.numeric(values)) "F32" else NA
    shape <- if (is.null(dim(values))) length(values) else dim(values)
    turned <- if (length(shape) > 1L) aperm(values) else values
    bytes <- if (!is.na(type)) writeBin(as.numeric(turned), raw(), size = 4L, endian = "little")
  }
  if (is.na(type)) {
    stop("arrays of this type can't be handed over: ", class(values)[1], call. = FALSE)
  }
  list(type = unname(type), shape = as.integer(shape), bytes = bytes)
}
