# A training set that is another one until the clock starts, for parity cards alone: as decoys.py.
#
# R copies what is changed, so it is the list's elements that change, not memory that lies there.
with_decoys <- function(job, given) {
  decoys <- read_arrays(job$decoys)
  now <- function(name) {
    force(name) # R computes an argument when it is first needed: only after the loop
    function() (if (job$in_init) decoys else given)[[name]]
  }
  data <- new.env()
  for (name in names(given)) makeActiveBinding(name, now(name), data)
  data
}
