# The tool's side of the contract with the meter, for adapters written in R.
#
# An adapter sources this file before anything else, so that the time of loading its packages
# is measured, and then reads top to bottom:
#
#     source("contract.R")
#     library(torch)
#
#     job <- start_job(versions = list(torch = packageVersion("torch")))
#     data <- training_set(job)
#     ...                                      # model, optimiser
#     timed_run(job, {
#       for (epoch in seq_len(job$epochs)) {
#         timed_epoch(job, {
#           ...                                # one pass over the data
#         })
#       }
#     })
#     timed_evaluation(job, labels <- ...)     # labels 0 to 9 of test_images(job)
#     write_predictions(job, labels)
#
# Events are JSON lines, the same as those of contract.py, which says more about them. The
# meter stamps each on arrival with its own clock; `elapsed` is this process's own account
# and only serves to check that one. Needs the package jsonlite, which reticulate brings along.

# Version of the contract; the meter refuses an adapter of another.
CONTRACT_VERSION <- 1L

# After an error R's last words are "Execution halted", but the last line of the log is what the
# meter gives as the reason: say the error again, in one line.
options(error = quote({
  message <- sub("\nCalls: .*", "", geterrmessage())
  cat(gsub("[[:space:]]+", " ", message), "\n", file = stderr(), sep = "")
  quit(save = "no", status = 1L, runLast = FALSE)
}))

# Keys of the job file named on the command line, as a list; whole numbers are integers.
#
# For a tool that must be told something (a seed, its threads) before it is loaded; all others
# find the same keys on what `start_job()` returns.
read_job <- function() {
  arguments <- commandArgs(trailingOnly = TRUE)
  if (length(arguments) != 1L) {
    stop("usage: Rscript adapter.R job.json (started by scripts/meter.py)", call. = FALSE)
  }
  jsonlite::read_json(arguments, simplifyVector = TRUE)
}

# Begins the initialisation and returns the job: an environment that holds the keys of the job
# file (see contract.py). Everything before this call counts as import.
#
# versions: named list of the packages that are measured.
start_job <- function(versions) {
  job <- list2env(read_job())
  job$pipe <- file(job$events, open = "w", raw = TRUE)
  job$next_epoch <- 0L
  job$in_init <- TRUE
  send_event(
    job, "init_start",
    contract = CONTRACT_VERSION,
    interpreter = paste0("R ", R.version$major, ".", R.version$minor),
    versions = lapply(versions, as.character)
  )
  job
}

# -- data ------------------------------------------------------------------------------------

# list(images, labels): integer arrays of dimensions (n, 28, 28), values 0 to 255, and (n).
training_set <- function(job) {
  list(
    images = read_idx(file.path(job$data, "train-images-idx3-ubyte"), job$n_train),
    labels = read_idx(file.path(job$data, "train-labels-idx1-ubyte"), job$n_train)
  )
}

# The test images, (n, 28, 28). Their labels stay with the meter.
test_images <- function(job) {
  read_idx(file.path(job$data, "t10k-images-idx3-ubyte"), job$n_test)
}

# The first `count` items of an uncompressed IDX file of unsigned bytes, as an integer array.
#
# Format: http://yann.lecun.com/exdb/mnist/, "The IDX file format".
read_idx <- function(path, count) {
  source <- file(path, open = "rb")
  on.exit(close(source))
  magic <- readBin(source, "integer", n = 4L, size = 1L, signed = FALSE)
  if (length(magic) != 4L || any(magic[1:3] != c(0L, 0L, 8L))) {
    stop(path, ": not an IDX file of unsigned bytes", call. = FALSE)
  }
  shape <- readBin(source, "integer", n = magic[4], size = 4L, endian = "big")
  if (length(shape) != magic[4] || count > shape[1]) {
    stop(path, ": ", count, " items asked for, ", shape[1], " there", call. = FALSE)
  }
  shape[1] <- count
  values <- readBin(source, "integer", n = prod(shape), size = 1L, signed = FALSE)
  # In the file the last dimension runs fastest, in R the first one does.
  aperm(array(values, dim = rev(shape)))
}

# -- events ----------------------------------------------------------------------------------

# Sends one event to the meter.
#
# The clock is R's own, seconds since R started. It is the system's time, which can be set while
# a tool trains; the meter, whose clock can't, then refuses the run.
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
# synchronise: called before the clock stops, else an asynchronous device would still be at work.
timed_run <- function(job, code, synchronise = function() NULL) {
  init_done(job)
  send_event(job, "run_start")
  force(code) # R computes an argument when it is first needed: only here
  synchronise()
  send_event(job, "run_stop")
  invisible(code)
}

# One pass over the training set, inside `timed_run()`.
timed_epoch <- function(job, code, synchronise = function() NULL) {
  epoch_begins(job)
  force(code)
  epoch_ends(job, synchronise)
  invisible(code)
}

# The two halves of `timed_epoch()`, for a tool that loops over the epochs itself.
epoch_begins <- function(job) {
  send_event(job, "epoch_start", number = job$next_epoch)
}

epoch_ends <- function(job, synchronise = function() NULL) {
  synchronise()
  send_event(job, "epoch_stop", number = job$next_epoch)
  job$next_epoch <- job$next_epoch + 1L
}

# Predicting the test set; outside the training time.
timed_evaluation <- function(job, code) {
  send_event(job, "eval_start")
  force(code)
  send_event(job, "eval_stop")
  invisible(code)
}

# Writes the predicted labels, one integer a line, in the order of the test images.
write_predictions <- function(job, labels) {
  writeLines(as.character(as.integer(labels)), job$predictions_file)
}
