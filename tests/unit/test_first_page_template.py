"""report/workflow.rst as Snakemake renders it: the openings of the studies that are asked for."""

import pytest
from docutils.core import publish_parts
from jinja2 import Environment
from synthetic import ROOT

STUDIES = {"quick": {}, "seed": {"full_size": False}, "big": {"full_size": True}}
HOSTILE = "{{ 7 * 7 }} {% raw %} .. image:: http://e/x.png `a <http://e>`_ |b|"


@pytest.fixture
def render(tmp_path, monkeypatch):
    """A function of what ``study`` of the configuration is: the page, as HTML."""
    monkeypatch.chdir(tmp_path)
    for study in STUDIES:
        path = tmp_path / f"results/{study}/pages/opening.html"
        path.parent.mkdir(parents=True)
        path.write_text(f'<p id="{study}">{HOSTILE} é</p>', encoding="utf-8")

    def rendered(study):
        # As snakemake/report/__init__.py does it.
        template = Environment(trim_blocks=True, lstrip_blocks=True).from_string(
            (ROOT / "report/workflow.rst").read_text(encoding="utf-8")
        )
        snakemake = type("Snakemake", (), {"config": {"study": study, "studies": STUDIES}})
        words = template.render(snakemake=snakemake, categories={}, files=[])
        return publish_parts(words, writer="html")["html_body"]

    return rendered


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("quick", ["quick"]), ("all", ["quick", "seed"]), (["big", "quick"], ["big", "quick"])],
)
def test_it_opens_with_each_study_that_is_asked_for(render, asked, shown):
    page = render(asked)
    places = [page.index(f'<p id="{study}">') for study in shown]
    assert places == sorted(places) and page.count("<p id=") == len(shown)
    named = [study for study in STUDIES if f'literal">{study}<' in page]
    assert set(named) == (set(shown) if len(shown) > 1 else set())
    assert (">Summary<" in page) == (len(shown) > 1)


def test_what_an_opening_holds_is_no_template_and_no_markup(render):
    page = render("quick")
    assert f"{HOSTILE} é" in page and "<img" not in page and "href" not in page
    assert "system-message" not in page and "problematic" not in page
