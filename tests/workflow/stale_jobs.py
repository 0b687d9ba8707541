"""Jobs of a ``Project`` as ``stale`` names them, by what makes them run again."""

#: What follows when any record changes, is added or taken away.
AFTER_RECORDS = {"merge", "tables", "figures", "report_md"}
#: A run, and what its evidence shows.
ONCE = {"alpha cpu 1", "alpha gpu-64 1", "alpha cpu 1 judgement", "alpha gpu-64 1 judgement"}
#: The baseline runs a second time in each round.
AGAIN = {job.replace("alpha", "alpha_again") for job in ONCE}
ALPHA = ONCE | AGAIN
BETA = {job.replace("alpha", "beta") for job in ONCE}
CELLS = ALPHA | BETA | AFTER_RECORDS
JUDGEMENTS = {job for job in CELLS if job.endswith("judgement")}
#: The same for parity cards, which are made for devices that are here.
AFTER_CARDS = {"parity", "tables", "figures", "report_md"}
ALPHA_CARDS = {"alpha cpu card"} | AFTER_CARDS
BETA_CARDS = {"beta cpu card"} | AFTER_CARDS
CARDS = ALPHA_CARDS | BETA_CARDS
