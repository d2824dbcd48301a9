"""The pictures of the README can be made again, all of them."""

import re
from pathlib import Path

import png
from playwright.sync_api import Browser

from tests.browser import guide_pictures

ROOT = Path(__file__).parents[2]


def test_every_picture_of_the_readme_is_made_here() -> None:
    shown = re.findall(r"\]\(lti_tool/web/(\S+?\.png)\)", (ROOT / "README.md").read_text())
    assert set(shown) == set(guide_pictures.PICTURES)
    assert all((guide_pictures.WEB / name).is_file() for name in shown)


def test_a_picture_is_made_in_its_size(browser: Browser, tmp_path: Path) -> None:
    name = "docs/restricted.png"
    path = tmp_path / "restricted.png"
    guide_pictures.draw(browser, name, path)
    width, height, *_ = guide_pictures.PICTURES[name]
    assert png.Reader(bytes=path.read_bytes()).read()[:2] == (width, height)
