"""Reads installer_messages.txt, which says of itself what is in it."""

from pathlib import Path


def read_messages():
    """Return what installers print: ``(name, output, words of the reason, may pass)`` of each."""
    text = Path(__file__).with_name("installer_messages.txt").read_text(encoding="utf-8")
    messages = []
    for part in text.split("\n### ")[1:]:
        name, words, passing, output = part.split("\n", 3)
        if name.startswith("pip: "):
            output += "\nfailed\n\nCondaEnvException: Pip failed\n\n"
        words = words.removeprefix("words: ").split("|")
        messages.append((name, output, words, passing == "may pass: yes"))
    return messages
