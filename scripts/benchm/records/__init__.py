"""Records of runs: their schema, reading, writing, and what makes one unbelievable."""
