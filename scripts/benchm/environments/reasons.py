"""Why an environment could not be built, in one line: what conda, mamba, pip or uv said of it.

An installer's last line is seldom the reason. What tells it is a headline ("PackagesNotFoundError:
The following packages are not available from current channels:"), and where that names nothing,
the lines below. Their texts: conda/exceptions.py of conda 4 to 26, libmamba's and rattler's
messages, pip 9 to 26.
"""

import re
from pathlib import Path

import yaml

from .. import network
from ..files import one_line

#: Characters of a reason.
WIDTH = 400

#: What an installer prints when the trouble may be over by the next run.
PASSING = re.compile(
    r"error sending request|failed to (fetch|download|resolve)|request failed|connection"
    r"|timed? ?out|temporary failure|name or service not known|lookup address"
    r"|could(n't| not) resolve host|unable to access|download error|multi-download failed"
    r"|CondaHTTPError|CondaSSLError|ProxyError|max retries|retrying|took more than"
    r"|HTTP (000|429|5\d\d)|\b(429|5\d\d) (client|server) error|incomplete ?read|broken pipe"
    r"|InvalidArchiveError|ChecksumMismatchError|CondaVerificationError|failed to acquire lock"
    r"|incorrect download|invalid package cache|reset by peer|certificate verify failed|SSLError"
    r"|no space ?left|disk quota|input/output error|out of memory|cannot allocate memory|^killed$",
    re.IGNORECASE,
)

#: A line that begins the account of an error.
_HEADLINE = re.compile(
    r"(\w+\.)*\w+(Error|Exception|Exit|NotFound|NotAllowed|Denied|Channel|Invalid|NotValid|Empty"
    r"|NotDownloaded|NotDetected|Installer)\s?[:(](?!//)"
    r"|(error|critical|fatal)\b(:|\s+libmamba\b)|×\s"
    r"|could not solve for environment specs$|encountered problems while solving",
    re.IGNORECASE,
)
#: Headlines that say only that something failed; what failed stands further up.
_EMPTY = re.compile(
    r"(CondaEnvException: )?Pip (subcommand )?failed.*|failed|done|Killed|Pip subprocess error:"
    r"|(critical|error)\s+libmamba Could not solve for environment specs"
    r"|(error|critical)\s+libmamba( Aborted\.?| Package cache error\.)?"
    r"|The environment can't be solved, aborting.*"
    r"|(CondaError|Error): (KeyboardInterrupt|Multiple Errors.*)|ERROR: ResolutionImpossible.*"
    r"|ERROR: Command errored out with exit status.*|error: subprocess-exited-with-error"
    r"|error: metadata-generation-failed|error: failed-wheel-build-for-install"
    r"|×.*did not run successfully\.?"
    r"|× Encountered error while (generating package metadata|trying to install package)\.?",
    re.IGNORECASE,
)
_OF_SNAKEMAKE = ("WorkflowError:", "CreateCondaEnvironmentException:")
#: Lines below a headline that name nothing.
_BOILERPLATE = re.compile(
    r"output in format:|elapsed: |an http error occurred|http errors are often|if your current"
    r"|a support request with|exit code: |see above for output|\[end of output\]|note: |hint: "
    r"|to accept these channels|you will need to adjust|use `conda config"
    r"|and use `conda config|to fix this|^\d\. |specifications:|requirement already"
    r"|\[\d+ lines of output\]|cf-ray",
    re.IGNORECASE,
)
#: An address, a version, a path.
_THING = re.compile(r"://|host=|\w\s?[=<>]=?\d|\w[- ]\d+\.\d|(^|[\s'\"(])/\w")
_BEGINS_LIST = re.compile(r"[-*•├└│╰─▶>\s]*")

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
#: What must not be told (a channel's token, a password) or is another one each time.
_PRIVATE = (
    (re.compile(r"(\w+://)[^/\s@]+@"), r"\1"),
    (re.compile(r"/t/[^/\s]+/"), "/t/.../"),
    (re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>(: )?"), ""),
    (re.compile(r"(\\n)+"), " "),
    (re.compile(r"\S*condaenv\.\w+\.requirements\.txt"), "requirements.txt"),
    (re.compile(r"\S*/(pip-[\w-]+|tmp\w+)/(?=\S)"), ".../"),
)


def explain(log, code, file=None):
    """Return ``(reason, tail)`` of a failed build: one line, and the last 20 of the log.

    ``code``: Snakemake's exit status; ``file``: of the environment, when what it asks for shall
    be named where the installer names nothing at all.
    """
    _, found, output = log.partition("\nOutput:\n")  # what the installer printed, in Snakemake's
    lines = _readable(output if found else log)
    tail = [line for line in lines if line.strip()][-20:]
    last = next((line for line in reversed(tail) if not _says_nothing(line)), "")
    if last.startswith("conda stand-in:"):
        return _public(last.removeprefix("conda stand-in:").strip()), tail
    reason = _public(_in_full(_reason(_account(lines)) or "", file))
    if not reason and "Killed" in map(str.strip, tail):
        reason = "the installer was killed, as the kernel does for want of memory"
    return _naming(reason or f"Snakemake stopped with status {code}", file), tail


def passes(reason, tail):
    """Whether the trouble may be over by the next run: the network, the disk, the memory."""
    return any(PASSING.search(line) for line in [reason, *tail]) or network.has_failed(
        [reason, *tail]
    )


def _readable(text):
    """Return the lines without colours, and of a progress bar the last state."""
    lines = _ANSI.sub("", text).split("\n")
    return [line.rstrip().rsplit("\r", 1)[-1].rstrip() for line in lines]


def _account(lines):
    """Return the part of the output that tells of the error.

    conda surrounds what it did not expect by pages on the machine and its variables.
    """
    marks = [i for i, line in enumerate(lines) if "ERROR REPORT <<<<" in line]
    if not marks:
        return lines
    report = lines[marks[-1] + 1 :]
    for number, line in enumerate(report):
        if line.startswith("V V V V"):
            end = [i for i, rest in enumerate(report) if rest.startswith("A reportable app")]
            return report[number + 1 : end[-1] if end else None]
    for number, line in enumerate(report):
        if line.startswith("`$ "):
            return [line[4:] for line in report[:number]]
    return report


def _reason(lines):
    """Return the reason that the lines tell, None without any."""
    starts = [i for i, line in enumerate(lines) if _HEADLINE.match(line.strip())]
    ends = [*starts, len(lines)][1:]
    blocks = [(lines[i].strip(), lines[i + 1 : end]) for i, end in zip(starts, ends, strict=False)]
    for headline, below in reversed(blocks):
        details = _details(below)
        if _says_nothing(headline) and not (details and _lists(below)):
            continue
        if details and headline in _OF_SNAKEMAKE:
            headline = details
        elif details and not _is_enough(headline, below):
            headline += f": {details}" if headline[-1].isalnum() else f" {details}"
        return _with_cause(headline, lines)
    telling = [line.strip() for line in lines if line.strip() and not _says_nothing(line)]
    return telling[-1] if telling else None


def _says_nothing(line):
    return bool(_EMPTY.fullmatch(line.strip()))


def _lists(below):
    """Whether the first line below a headline is an item of a list, or stands further in."""
    first = next((line for line in below if line.strip()), "")
    return bool(re.match(r"\s{2}|\t|\s*[-├└╰]", first))


def _is_enough(headline, below):
    """Whether the headline itself names what it is about."""
    if headline.endswith(":") or "conflicting dependencies" in headline:
        return False
    if _THING.search(headline) or re.search(r"'[^']+'|\"[^\"]+\"", headline):
        return True
    return bool(re.match("(error|fatal):", headline, re.IGNORECASE)) and not _lists(below)


def _details(below):
    """Return the first lines below a headline that name something, in one; at most eight."""
    found, names = [], False
    for line in below:
        text = line.strip()
        if text == "Next steps:" or len(found) == 8 or (not text and names):
            break
        if not text or _BOILERPLATE.search(text) or _says_nothing(text):
            continue
        item = _BEGINS_LIST.sub("", text, count=1).rstrip(";")
        is_item = item != text or bool(re.match(r"[\w ]+: ", item))
        names = names or item != text or bool(_THING.search(item))
        found += ["; " if is_item and found else " ", item]
    return "".join(found).strip()


def _with_cause(reason, lines):
    """Add what stood in the way of a download, or of a compilation, that is told further up."""
    text = "\n".join(lines)
    cause = None
    if re.search(r"No matching distribution|Could not find a version", reason):
        cause = re.search(r"after connection broken by ['\"](.+?)['\"]?: /", text)
        cause = cause or re.search(r"(Could not fetch URL .+?) - skipping", text)
    elif re.search(r"wheel|build", reason, re.IGNORECASE):
        inner = re.findall(r"^\W*((?:fatal )?error: .+)$", text, re.MULTILINE | re.IGNORECASE)
        inner = [line for line in inner if not _says_nothing(line) and line not in reason]
        inner = [line for line in inner if line[:5] != "ERROR"]
        cause = re.match("(.*)", inner[-1]) if inner else None
    return f"{reason} ({cause[1]})" if cause else reason


def _public(reason):
    for pattern, instead in _PRIVATE:
        reason = pattern.sub(instead, reason)
    return one_line(reason, WIDTH).rstrip(" :;,")


def _in_full(reason, file):
    """Put packages in place of the lines of the file that conda wrote for pip, one for each."""
    pip = _asked(file)[1]

    def package(match):
        number = int(match[1])
        return pip[number - 1] if 0 < number <= len(pip) else match[0]

    return re.sub(r"-r \S+\.requirements\.txt \(line (\d+)\)", package, reason)


def _naming(reason, file):
    """Add what was asked for, and of which channels, to a reason that names nothing of it."""
    conda, pip, channels = _asked(file)
    names = [re.split(r"[\s=<>!~\[;@]", line, maxsplit=1)[0] for line in [*conda, *pip]]
    known = {name.lower().replace("_", "-") for name in [*names, *channels]} - {"python"}
    words = set(re.findall(r"[a-z0-9][a-z0-9._-]*[a-z0-9]", reason.lower().replace("_", "-")))
    if not names or known & words or _THING.search(reason):
        return reason
    asked = ", ".join([*conda, *pip][:4])
    return f"{reason} (asked for: {asked}; channels: {', '.join(channels)})"


def _asked(file):
    """Return what an environment file asks of conda, and of pip, and its channels."""
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        entries = content["dependencies"]
        conda = [entry for entry in entries if isinstance(entry, str) and entry != "pip"]
        pip = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"]]
        return conda, pip, list(map(str, content.get("channels") or []))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return [], [], []
