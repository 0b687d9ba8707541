"""A training set that is another one until the clock starts: what was computed before is wrong.

``contract.run`` takes this job in place of its own when a parity card asks for it. An adapter that
scales, converts or trains with what it gets only inside ``run`` sees no difference. Runs on Python
2.7 and 3.
"""

import contract


class DecoyJob(contract.Job):
    """A job whose training set is that of the file ``decoys`` until ``run`` begins."""

    def __init__(self, keys, pipe):
        super(DecoyJob, self).__init__(keys, pipe)
        self._truth = []

    def training_set(self):
        """Return arrays of the right shapes; they hold the training set once the clock starts."""
        given = contract.Job.training_set(self)
        decoys = contract.read_arrays(self.decoys)
        for array, name in zip(given, ("inputs", "targets")):
            self._truth.append((array, array.copy()))
            array[...] = decoys[name]
        return given

    def run(self, synchronise=None):
        """The timed window; just before it the arrays get what they should hold."""
        for array, truth in self._truth:
            array[...] = truth
        return contract.Job.run(self, synchronise)
