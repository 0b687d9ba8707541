"""Colours that tell tools apart, however many there are."""

import colorsys

#: Paul Tol's 'muted' scheme and two of its predecessor, safe for the colour-blind:
#: https://personal.sron.nl/~pault/
PALETTE = [
    "#332288",
    "#117733",
    "#cc6677",
    "#44aa99",
    "#aa4499",
    "#ddaa33",
    "#882255",
    "#88ccee",
    "#999933",
    "#5f6672",
    "#6699cc",
    "#661100",
]

#: How the palette goes on: mixed with white, then with black, by this share.
SHADES = ((1.0, 0.0), (0.55, 1.0), (0.55, 0.0), (0.78, 1.0), (0.78, 0.0), (0.3, 0.8))

#: Hues that are as far from all earlier ones as can be.
GOLDEN = 0.618033988749895


def colour(number):
    """The colour of the tool of that number, from 0; no two numbers have the same."""
    cycle, place = divmod(number, len(PALETTE))
    if cycle < len(SHADES):
        share, towards = SHADES[cycle]
        base = [int(PALETTE[place][i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return _hex(share * value + (1 - share) * towards for value in base)
    # Beyond 72 colours nobody tells them apart; they only must not repeat.
    rest = number - len(PALETTE) * len(SHADES)
    return _hex(colorsys.hsv_to_rgb(rest * GOLDEN % 1, 0.45 + 0.5 * (rest % 7) / 7, 0.75))


def _hex(parts):
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
