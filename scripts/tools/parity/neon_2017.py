"""The probe of scripts/tools/neon_2017.py: that of neon, with the variant's own parts."""

import probe  # isort: split

import sys

import neon_cnn as neon_probe

# The adapter imports the adapter neon_cnn; here the probe of that name would be found first.
sys.modules["neon_cnn"] = neon_probe.adapter
adapter = probe.adapter(__file__)


class Neon2017(neon_probe.Neon):
    """neon's answers, in a network, loss, optimiser and order as the options ask."""

    def __init__(self, job):
        self.options = adapter.read_options(job.options, adapter.CHOICES, "neon_2017.py")
        super().__init__(job)

    def _model(self, dropout):
        return adapter.network(dropout, self.options)

    def _cost(self):
        return adapter.cost(self.options)

    def _sgd(self):
        return adapter.sgd(self.job, self.options)

    def _epochs(self, images, labels):
        return adapter.epochs(images, labels, self.job, self.options)


if __name__ == "__main__":
    probe.main(Neon2017)
