"""Figures in tests: made by the programs, and looked at as SVG or while they are drawn."""

import re
import xml.etree.ElementTree as ElementTree

from matplotlib.text import Text
from synthetic import naming, order, record, write, write_cards

import make_figures
import merge_records
from make_figures import FIGURES

SVG = "{http://www.w3.org/2000/svg}"


def runs_csv(home, records, published=None, settings_json="{}"):
    paths = write(records, home)
    output = str(home / "runs.csv")
    arguments = ["--records", *map(str, paths), "--output", output, "--order", settings_json]
    if published:
        (home / "old.csv").write_text(published)
        arguments += ["--published", str(home / "old.csv")]
    assert merge_records.main(arguments) == 0
    return output


def figures(home, records, settings_json="{}", published=None, cards=None):
    """Texts of all figures by name."""
    target = home / "figures"
    settings_json = naming(settings_json, records)
    runs = runs_csv(home, records, published, settings_json)
    options = ["--runs", runs, "--order", settings_json, "--output-dir", str(target)]
    if cards is not None:
        options += ["--cards", *write_cards(cards, home / "parity")]
    assert make_figures.main(options) == 0
    assert sorted(path.name for path in target.iterdir()) == sorted(f"{n}.svg" for n in FIGURES)
    return {name: (target / f"{name}.svg").read_text() for name in FIGURES}


def marks(svg):
    """Number of points of all scatters."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("PathCollection")]
    return sum(len(list(group.iter(f"{SVG}use"))) for group in groups)


def comments(svg):
    """The words of a figure: text is drawn as paths, with the words as comments."""
    return " ".join(re.findall(r"<!-- (.*?) -->", svg, re.DOTALL))


def colours_of_marks(svg):
    """(fill, stroke) of every point of all scatters."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("PathCollection")]
    found = []
    for group in groups:
        for use in group.iter(f"{SVG}use"):
            look = dict(part.split(": ") for part in use.get("style").split("; "))
            found.append((look.get("fill"), look.get("stroke")))
    return found


def words_of(figure):
    """(words, box in pixels) of all that is written in a figure."""
    renderer = figure.canvas.get_renderer()
    outside = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        outside |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in outside:
            text.get_window_extent(renderer)  # moves an annotation to its place
            # Not the annotation's own extent, which holds its arrow as well.
            yield text.get_text(), Text.get_window_extent(text, renderer).padded(-1)


MIXED = [
    *[record("fast", repeat=n, train_s=9 + n) for n in (1, 2, 3)],
    *[record("slow", repeat=n, train_s=400 + n) for n in (1, 2, 3)],
    *[record("absent", repeat=n, outcome="unavailable") for n in (1, 2, 3)],
    *[record("fast", device="gpu", repeat=n, outcome="no_device") for n in (1, 2, 3)],
]
ORDER = order(["fast", "slow", "absent"], baseline="slow")

PUBLISHED = (
    "source,study,tool,tool_name,instance,device,repeat,outcome,train_s,n_train,epochs,batch_size,"
    "machine_gpus\n"
    "published,quick,old,Old,local,cpu,1,ok,2,,,,\n"
    'published,quick,old,Old,p2,gpu,1,ok,40,6000,4,128,"[""Tesla K80""]"\n'
)
WORKLOAD = {"name": "cnn", "flop_per_sample": 4_405_248}
MACHINES = {"p2": {"gpu": "Tesla K80", "gpus": 1, "year": 2016, "peak_float32_tflops": 4.1}}
