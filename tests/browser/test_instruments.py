"""The instruments of this folder notice what they are for."""

from playwright.sync_api import Browser

from lti_tool.demo.world import World
from tests.browser import measure
from tests.browser.chromium import DESKTOP, Watch

BAD_PAGE = """<!doctype html><html><head><link rel="icon" href="data:,"></head><body>
<p style="color: #aaa; background: #fff; width: 150vw">pale and wide</p>
<p><a href="/x">alone</a></p><p>within a <a href="/x">sentence</a> it may be small</p>
<input type="checkbox"><a class="button main" style="position: absolute; top: 200vh">far</a>
</body></html>"""


def test_the_watch_hears_refused_content_script_errors_and_dialogs(
    shared_world: World, browser: Browser
) -> None:
    context = browser.new_context()
    watch, page = Watch(context), context.new_page()
    page.goto(f"{shared_world.tool.settings.public_url}/catalogue")
    assert watch.complaints == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.evaluate("setTimeout(() => { alert(2); throw new Error('broken') })")
    page.wait_for_timeout(300)
    context.close()
    said = " ".join(watch.complaints)
    assert "Content Security Policy" in said
    assert "dialog: 2" in said
    assert "dialog: 1" not in said
    assert "script: " in said
    assert "broken" in said


def test_axe_and_the_measures_find_what_is_wrong(browser: Browser) -> None:
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    page.set_content(BAD_PAGE)
    found = " ".join(measure.violations(page))
    for rule in ("color-contrast", "label", "html-has-lang", "document-title"):
        assert rule in found
    assert any("page" in one for one in measure.too_wide(page))
    assert [one.split()[1] for one in measure.too_small(page)] == ['"alone":', '"":']
    assert measure.main_action_problem(page).startswith("far")
    context.close()
