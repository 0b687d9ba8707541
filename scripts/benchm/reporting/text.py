"""Numbers and tables as text."""

import math
import re
import unicodedata
from html import escape

from ..files import one_line

#: Outcomes of a record in words; the closed list of schemas/record.schema.json.
OUTCOMES = {
    "failed": "the tool broke",
    "timeout": "stopped at the time limit",
    "out_of_memory": "needed more memory than there is",
    "no_device": "the device is not in this machine",
    "unavailable": "the environment can't be had on this platform",
}


def seconds(value, published=False):
    """Seconds to three digits or so; published ones as they were printed."""
    if value is None:
        return ""
    if published:
        return f"{value:g}"
    places = 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.0995 else 3
    return f"{value:.{places}f}"


def ratio(value):
    """A ratio as the 2017 page printed it: 0.4x, 1.5x, 2x, 3.5x, and whole numbers from 5x on.

    Below what the page had, two significant digits.
    """
    if value is None:
        return ""
    places = 0 if value >= 5 else 1 if value >= 0.35 else 1 - math.floor(math.log10(value))
    text = f"{value:.{min(places, 6)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "x"


def ratio_with_interval(found, to_itself=False):
    """A ``Ratio`` as text, with its interval when it has one; that asks for one digit more.

    What has none says why: there was one run, or the runs shared too few rounds. ``to_itself``:
    there is nothing to say, it is 1x.
    """
    if found is None:
        return ""
    if found.low is None and not to_itself:
        return f"{ratio(found.value)} ({'one run' if found.n <= 1 else 'spread unknown'})"
    if found.low is None or found.low == found.high:
        return ratio(found.value)
    return f"{digits(found.value)}x ({digits(found.low)}–{digits(found.high)})"


def digits(value, count=3):
    """A positive number to ``count`` significant digits, without an exponent below a million."""
    if not 1e-6 < value < 1e6:
        return f"{value:.0e}"
    return f"{value:.{max(0, count - 1 - math.floor(math.log10(value)))}f}"


def quality(value, metric, published=False):
    """A value of a metric: a percentage or a number, as the metric says; '' when absent.

    Published values stand as they were printed.
    """
    if value is None:
        return ""
    if not metric.percent:
        return f"{value:g}" if published else f"{value:.4f}"
    if not published:
        return f"{100 * value:.2f}%"
    words = f"{100 * value:g}"
    return words + ("%" if "." in words else ".0%")


def quality_bounds(bounds, metric, unit="%"):
    """Both ends of an interval of a metric, '' for None; ``unit`` follows percentages."""
    if bounds is None:
        return ""
    if not metric.percent:
        return "–".join(f"{bound:.4f}" for bound in bounds)
    return "–".join(f"{100 * bound:.2f}" for bound in bounds) + unit


def in_sentence(title):
    """A title as it stands inside a sentence: 'error rate', but 'AUC'."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def whole(value):
    """A number without decimals, '' when absent."""
    return "" if value is None else f"{value:.0f}"


def gigabytes(value):
    """Bytes as 10**9 bytes, to two digits, '' when absent."""
    return "" if value is None else f"{value / 1e9:.2f}" if value < 1e10 else f"{value / 1e9:.0f}"


def dollars(value):
    """US dollars to two significant digits, '' when absent; a run may cost less than a cent."""
    return "" if value is None else "0" if value == 0 else digits(value, 2)


def not_run(outcome, reason):
    """What stands in the place of a time; a long reason is cut, the report has it whole."""
    return f"– {outcome}: {one_line(reason, 80)}"


def listed(names):
    """Names as a sentence lists them: 'a', 'a and b', 'a, b and c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# -- one escape for each medium -----------------------------------------------------------------


def plain(words):
    """Text without what can't be shown: control characters, halves of pairs, turned directions.

    A NUL ends an SVG file, and a right-to-left override turns the rest of a line around.
    """
    return "".join(c if unicodedata.category(c) not in UNSHOWN or c in "\n\t" else "\ufffd"
                   for c in str(words).translate(TURNED))  # fmt: skip


#: Categories of characters that XML forbids or no font has.
UNSHOWN = ("Cc", "Cs", "Cn", "Co")

#: https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings
TURNED = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")


def cell_text(text):
    """Text that means itself in Markdown, in a sentence as in a cell of a table."""
    text = plain(one_line(text)).replace("&", "&amp;").replace("<", "&lt;")
    for special in ("\\", "|", "`", "*", "[", "__"):  # a single _ inside a word is harmless
        text = text.replace(special, "".join("\\" + character for character in special))
    text = re.sub(r"(?<![\w\\])_|(?<!\\)_(?!\w)", r"\\_", text)
    # Not every dialect knows a backslash before these: formulas and struck-out text.
    return text.replace("$", "&#36;").replace("~~", "&#126;&#126;")


def code(words):
    """A name as code in Markdown, where no mark means anything but the one that ends it."""
    inner = plain(one_line(words)).replace("`", "'")
    return f"`{inner}`"


def html(words):
    """Text that means itself in HTML, also where that stands in Markdown with formulas."""
    return escape(plain(words)).replace("$", "&#36;")


def short(words, most=40):
    """A name on one line as figures have room for it, without marks of formulas: for SVG."""
    return one_line(plain(words), most)


def markdown_table(header, rows, left=1):
    """A Markdown table; the first ``left`` columns are set flush left, numbers flush right."""
    lines = ["| " + " | ".join(map(cell_text, header)) + " |"]
    lines.append("|" + "|".join(":--" if i < left else "--:" for i in range(len(header))) + "|")
    lines += ["| " + " | ".join(map(cell_text, row)) + " |" for row in rows]
    return "\n".join(lines)
