"""One module for each data set; benchm/idx.py is the format of their files."""
