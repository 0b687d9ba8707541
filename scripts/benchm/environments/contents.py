"""What is really installed in an environment, held against what its file pins.

pip and uv take for installed, or install elsewhere, what a caller's settings lead them to; the
tool would then be measured with other packages, or none.
"""

import re
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..yaml_files import FAST

_PACKAGES = "lib*/python*/site-packages"


def missing(file, directory):
    """Return the exact pins of an environment's ``file`` that are not in ``directory``, sorted.

    Pins with a condition (``; sys_platform == ...``) are passed over, and of what comes from a
    repository only the name counts.
    """
    if not any(Path(directory).glob(_PACKAGES)):
        return []  # no Python in it to have packages
    there = installed(directory)
    lacking = []
    for line in _pins(file):
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        found = there.get(canonicalize_name(wanted.name), set())
        if wanted.marker is None and not any(_serves(wanted, version) for version in found):
            lacking.append(line)
    return sorted(lacking)


def installed(directory):
    """Return name -> versions of the Python packages in the environment itself."""
    found = {}
    for path in Path(directory).glob(f"{_PACKAGES}/*"):
        match = re.fullmatch(r"(.+?)-([^-]+)(-py[\d.]+)?\.(dist-info|egg-info|egg)", path.name)
        if match:
            found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


def _pins(file):
    try:
        content = yaml.load(Path(file).read_text(encoding="utf-8"), Loader=FAST)
        sections = [entry for entry in content["dependencies"] if isinstance(entry, dict)]
        return [line for section in sections for line in section.get("pip", [])]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return []  # whoever builds from it says what is wrong


def _is_exact(specifier):
    return specifier.operator == "==" and not specifier.version.endswith(".*")


def _serves(wanted, version):
    if wanted.url or not wanted.specifier:
        return True
    try:
        there = Version(version)
    except InvalidVersion:
        return True  # an old way to write versions; the name has to do
    # A post-release may call itself by the release that it mends: CNTK 2.7.post2 does.
    pinned = [Version(s.version).release for s in wanted.specifier if _is_exact(s)]
    return wanted.specifier.contains(there, prereleases=True) or there.release in pinned
