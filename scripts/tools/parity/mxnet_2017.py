"""The probe of scripts/tools/mxnet_2017.py: that of mxnet, with the variant's own training."""

import probe  # isort: split

import sys

import mxnet_gluon as mxnet_probe

# The adapter imports the adapter mxnet_gluon; here the probe of that name would be found first.
sys.modules["mxnet_gluon"] = mxnet_probe.adapter
adapter = probe.adapter(__file__)


class Mxnet2017(mxnet_probe.Mxnet):
    """mxnet's answers, in a network and with a trainer as the options ask."""

    def __init__(self, job):
        adapter.deviate(job.options)
        super().__init__(job)


if __name__ == "__main__":
    probe.main(Mxnet2017)
