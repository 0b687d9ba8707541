"""One module for each data set; benchm/idx.py is the format of their files.

A module has ``main``, the program that makes the files, and, where that is not envs/data.yaml,
``ENVIRONMENT``, what it runs in. What several share is in modules that begin with ``_``.
"""
