"""Reading YAML that a person wrote: a key that stands twice is a mistake, and is named."""

from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import yaml

from .files import BadInput, one_line

#: PyYAML raises more than its own errors for scalars with a tag that does not fit them.
_UNREADABLE = (
    *(OSError, ValueError, yaml.YAMLError, RecursionError),
    *(LookupError, ArithmeticError, AttributeError),
)

#: For files that a program wrote, or whose mistakes are told elsewhere: libyaml's loader, where
#: PyYAML has it, which is much faster.
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Unique(yaml.SafeLoader):
    """PyYAML's own, but of two equal keys, of which it takes the last one, it takes none.

    Looked at while the mapping is as it is written: later on, what ``<<`` brings in stands beside
    the keys that replace it.
    """

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            # Two `<<` bring in two mappings.
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            value = self.construct_object(key)  # 1, 0x1 and true are one and the same key
            if value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {one_line(key.value, 60)} stands there twice",
                    problem_mark=key.start_mark,
                )
            seen.add(value)
        return node


@lru_cache(maxsize=32)  # a workload's description is read for each of its studies
def _parsed(text):
    return yaml.load(text, Loader=_Unique)


def load(path, name=None):
    """Return what a YAML file holds; BadInput, in one line that names it and where, when it is bad.

    ``name``: what the file is called, by default its path.
    """
    name = name or path
    try:
        return deepcopy(_parsed(Path(path).read_text(encoding="utf-8")))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{name}{where}: {one_line(error.problem or error, 160)}") from None
    except _UNREADABLE as error:
        reason = error.strerror if isinstance(error, OSError) else one_line(error, 160)
        raise BadInput(f"{name}: {reason}") from None
