"""Telling a network that failed, which may be over in a moment, from what is simply not there.

Standard library only: the driver's environment is installed with its help.
"""

import re

#: Seconds to wait before each further try.
PAUSES = (5, 20)

#: What uv, pip, conda and git print when the network, or a server, failed. Whole phrases: there
#: are packages with names like async-timeout, and versions like 503.
_PHRASES = (
    # time-outs
    r"timed out",
    r"network timeout",
    r"timeout was reached",
    r"(?<![\w.-])(read|connect|connection|operation|handshake|request|gateway) ?time-?out",
    r"(?-i:Timeout(Error|Exception)?\b)",
    r"took more than \d+ s",
    r"no answer within",
    # names
    r"dns error",
    r"lookup address",
    r"(temporary|transient) failure in name resolution",
    r"name or service not known",
    r"nodename nor servname",
    r"(could not|couldn't|failed to|cannot) resolve (host|name|proxy)",
    r"(?-i:NameResolutionError|getaddrinfo failed)",
    r"no address associated with hostname",
    # connections
    r"error sending request",
    r"(error decoding response body|error reading a body|request or response body error)",
    r"request failed after \d+ retr",
    r"connection (was )?(reset|refused|aborted|closed|broken|failed|error|lost)",
    r"(?-i:Connection(Reset|Refused|Aborted)?Error|NewConnectionError|ProtocolError)",
    r"(?-i:RemoteDisconnected|IncompleteRead|ChunkedEncodingError|SSLEOFError|SSLZeroReturnError)",
    r"no connection to http",
    r"max retries exceeded",
    r"(failed to|could not|couldn't|cannot|unable to) connect to",
    r"network is (unreachable|down)",
    r"no route to host",
    r"(incomplete[ -]download|not enough bytes were received)",
    r"unexpected[ _-]?(eof|end of file|disconnect)",
    r"mismatch between the expected content and downloaded content",
    r"(early EOF|RPC failed|remote end hung up|transfer closed with)",
    r"tls handshake",
    # servers
    r"(http|status)( status)?( code| error| server error)?[ :(]{1,3}5\d\d\b",
    r"returned error: 5\d\d",
    r"\b5\d\d (server error|internal server error|bad gateway|service|gateway|backend)",
    r"too many requests",
)
_NETWORK = re.compile("|".join(_PHRASES), re.IGNORECASE)

#: What is only said where a server was reached and has it not, or where the setting is wrong.
_NOT_THERE = re.compile(
    r"no solution found|not found in the package registry|from versions: (?!none)"
    r"|PackagesNotFound|ResolvePackageNotFound|nothing provides|no viable options"
    r"|certificate verify failed|OpenSSL appears to be unavailable",
    re.IGNORECASE,
)


def has_failed(lines):
    """Whether what an installer printed, any ``lines`` of it, tells of a network that failed."""
    lines = list(lines)
    if any(_NOT_THERE.search(line) for line in lines):
        return False
    return any(_NETWORK.search(line) for line in lines)
