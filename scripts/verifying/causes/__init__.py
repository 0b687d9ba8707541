"""Why a field is different, in plain words: the answers against what other rules would give.

Each function ``of_...`` returns words, or None when no known cause explains what was answered. A
cause is named only when the numbers that it would give match those that were answered.
"""
