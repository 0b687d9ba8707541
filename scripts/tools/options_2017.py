"""The options by which the tools of 2017 leave the protocol, read from the configuration."""

import json
import sys


def read_options(options, choices, program):
    """Return all options of a variant, those that are not given at the protocol's value.

    ``choices`` maps an option to what it may be, the protocol's value first; every variant also
    has ``weight_decay``, a number from 0 to 1, or None for the protocol's falling learning rate.
    Ends with one line that names ``program`` when an option is unknown or has another value.
    """
    chosen = {name: values[0] for name, values in choices.items()}
    chosen["weight_decay"] = None
    for name, value in options.items():
        if name not in chosen:
            sys.exit(f"{program}: unknown option {name}; allowed: {', '.join(chosen)}")
        if name == "weight_decay":
            good, allowed = type(value) in (int, float) and 0 <= value < 1, "a number from 0 to 1"
        else:
            good = value in choices[name] and type(value) is type(choices[name][0])
            allowed = ", ".join(json.dumps(choice).strip('"') for choice in choices[name])
        if not good:
            sys.exit(f"{program}: option {name} is {value!r}; allowed: {allowed}")
        chosen[name] = value
    return chosen
