"""What a job left, in a few words: the record of a cell, a parity card, a judgement."""

from .. import kinds, metrics
from ..files import BadInput, one_line
from ..records import parsing
from ..reporting import text

#: Characters of a reason that a line has room for.
REASON = 200

#: What a card says of the network, in words.
VERDICTS = {
    "same": "the same network",
    "equivalent": "an equivalent network",
    "different": "another network",
}
#: The same of what is no network.
VERDICTS_OF_TASK = {"same": "the same task", "different": "another task"}


def of_cell(path):
    """Return e.g. "10.2 s, 3.35 % errors" for the record at ``path``, or why there is none."""
    try:
        record = parsing.load(path)
        status = record["status"]
        if status["outcome"] != "ok":
            return _not_ok(status)
        seconds = f"{text.seconds(record['times']['train_s'])} s"
        quality = _quality(record["quality"])
        return f"{seconds}, {quality}" if quality else seconds
    except (BadInput, ValueError, KeyError, TypeError, AttributeError):
        return "its record can't be read"


def of_card(path):
    """Return e.g. "an equivalent network" for the parity card at ``path``, or why none was made."""
    try:
        card = parsing.load(path)
        if card["outcome"] != "ok":
            return _not_ok(card)
        is_network = kinds.of(card) == kinds.NETWORK
        words = (VERDICTS if is_network else VERDICTS_OF_TASK)[card["verdict"]]
        first = card["first_difference"]
        return f"{words}: {_line(first['words'])}" if first else words
    except (BadInput, ValueError, KeyError, TypeError, AttributeError):
        return "its card can't be read"


def of_judgement(path):
    """Return why the evidence of a run does not show what it should, or "" when it does."""
    try:
        found = parsing.load(path)
        if found["verdict"] in ("holds", "not_applicable"):
            return ""
        verb = "fails" if found["verdict"] == "fails" else "is missing"
        return f"its evidence {verb}: {_line('; '.join(found['reasons']))}"
    except (BadInput, ValueError, KeyError, TypeError, AttributeError):
        return "the judgement of its evidence can't be read"


def _line(words):
    """Words of a file as a terminal can show them."""
    return one_line(text.plain(words), REASON)


def _not_ok(status):
    return f"{status['outcome']}: {_line(status['reason'] or '')}"


def _quality(quality):
    value = quality["value"]
    if value is None:
        return ""
    metric = metrics.describe(quality["metric"])
    if metric.percent:
        # "Error rate" is what a table has above its numbers; beside one it reads "errors".
        noun = text.in_sentence(metric.title)
        noun = f"{noun.removesuffix(' rate')}s" if noun.endswith(" rate") else noun
        return f"{100 * value:.2f} % {noun}"
    return f"{metric.title} {value:.4f}"
