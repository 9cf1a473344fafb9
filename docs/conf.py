"""Sphinx: how the site is built from docs/, by `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

project = "Armature"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "reference_tables"]
html_theme = "furo"
html_title = "Armature"
html_copy_source = False
default_role = "code"
suppress_warnings = ["ref.python"]  # two rooms may have a class of one name

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_default_options = {"ignore-module-all": True}  # each class where it is defined
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
napoleon_use_ivar = True

_PROJECT = re.compile(r"\]\((?:\.\./)+(ARCHITECTURE|CONTRIBUTING|CHANGELOG)\.md")
_README = re.compile(r"\]\((?:\.\./)+README\.md(#[\w-]+)?")


def _turn_links(app, name, source):
    """Documents at the top of the project are pages of the site."""
    source[0] = _PROJECT.sub(lambda found: f"](/generated/{found[1].lower()}.md", source[0])
    source[0] = _README.sub("](/index.md", source[0])


def setup(app):
    """Sphinx calls it."""
    app.connect("source-read", _turn_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
