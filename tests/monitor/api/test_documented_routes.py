"""The table of docs/reference/web_api.md names every route of the API, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "web_api.md"


def written() -> set[tuple[str, str]]:
    """Method and path of each request of the table; a later one in a cell leaves its method out."""
    cells = re.findall(r"^\| (`(?:GET|POST) [^|]+`) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    found = set()
    for cell in cells:
        method, _, first = re.findall(r"`([^`?]+)", cell)[0].partition(" ")
        others = [span.rpartition(" ")[2] for span in re.findall(r"`([^`?]+)[^`]*`", cell)[1:]]
        found |= {(method, path) for path in (first, *others)}
    return found


def test_the_documented_requests_are_those_that_are_served(client: FlaskClient) -> None:
    rules = client.application.url_map.iter_rules()
    served = {
        (method, rule.rule)
        for rule in rules
        for method in (rule.methods or set()) & {"GET", "POST"}
        if rule.rule.startswith("/api/")
    }
    assert len(served) > 10
    assert written() == served
