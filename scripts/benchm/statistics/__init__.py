"""The statistics of the comparison."""
