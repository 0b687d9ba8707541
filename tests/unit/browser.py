"""A page in headless Chromium: what it logs, what it asks for, and how its tables sort.

Debian's ``chromium`` is used where there is one; nothing is downloaded for it.
"""

import html
import json
import re
import shutil
import subprocess

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")

#: Whatever the page would fetch is refused, and the refusal is logged as an error.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">"
)

#: A function: clicks on every heading of every table twice, and returns the rows after each click;
#: first with the columns that are shown at once, then with all.
CLICK_ALL = """
() => {
  const isShown = (head) => head.getBoundingClientRect().width > 0;
  const headings = () => [...document.querySelectorAll("th")].filter(isShown).map((head) =>
    head.textContent.trim());
  const clickAll = () => {
    const seen = [];
    for (const table of document.querySelectorAll("table")) {
      const rows = () => [...table.tBodies[0].rows].map((row) =>
        [...row.cells].map((cell) => cell.textContent));
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, column) => {
        for (const click of isShown(head) ? [1, 2] : []) {
          // On the words of the heading, where a reader would click.
          head.scrollIntoView({inline: "center"});
          const here = head.getBoundingClientRect();
          const target = document.elementFromPoint(here.left + 15, here.top + here.height / 2);
          (target || head).click();
          seen.push({table: table.id, column, name: head.textContent.trim(),
                     direction: head.getAttribute("aria-sort"), rows: rows()});
        }
      });
    }
    return seen;
  };
  const atOnce = headings(), seenAtOnce = clickAll();
  const cellsAtOnce = [...document.querySelectorAll("tbody tr")].map((row) =>
    [...row.cells].filter(isShown).length);
  for (const box of document.querySelectorAll("input.all")) box.click();
  const all = headings(), seen = clickAll();
  const requests = performance.getEntriesByType("resource").map((each) => each.name);
  const widths = [...document.querySelectorAll("th")].map((head) =>
    [head.textContent.trim(), head.getBoundingClientRect().width]);
  return {seen, requests, widths, atOnce, cellsAtOnce, seenAtOnce, all};
}
"""

#: Calls it once the page is there, and leaves on it what it returned.
CLICKS = f"""
<script>
window.addEventListener("load", () => {{
  const result = document.createElement("pre");
  result.id = "result-of-the-test";
  result.textContent = JSON.stringify(({CLICK_ALL})());
  document.body.append(result);
}});
</script>
"""


def find():
    """The browser's path; the test is skipped, with the reason, where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser here ({', '.join(NAMES)}); Debian: apt-get install chromium")
    return found


def look_at(page, folder):
    """What is seen of a page (a path): ``seen``, ``requests`` and ``widths`` of CLICKS, and
    ``console``, the lines that it logged.
    """
    text = page.read_text(encoding="utf-8")
    assert "<head>" in text and "</body>" in text
    text = text.replace("<head>", f"<head>{POLICY}", 1).replace("</body>", f"{CLICKS}</body>", 1)
    copy = folder / f"clicked-{page.name}"
    copy.write_text(text, encoding="utf-8")
    command = [
        *[find(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
        *["--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync"],
        *["--disable-component-update", "--window-size=1200,900", "--enable-logging=stderr"],
        *[f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"],
        copy.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, timeout=120)
    dom = done.stdout.decode("utf-8", "replace")
    found = re.search(r'<pre id="result-of-the-test">(.*?)</pre>', dom, re.DOTALL)
    assert found, (
        f"the page's scripts did not run: {done.stderr.decode('utf-8', 'replace')[-2000:]}"
    )
    logged = done.stderr.decode("utf-8", "replace").splitlines()
    console = [line for line in logged if "CONSOLE" in line]
    return json.loads(html.unescape(found[1])) | {"console": console}
