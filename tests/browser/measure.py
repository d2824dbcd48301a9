"""What can be measured of a page as it is shown: accessibility, sizes, widths, focus."""

import re
from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page

TARGET_PX = 44
COLOURS = ("color-contrast", "link-in-text-block")
WCAG_2_2_AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_WIDE = """() => {
  const root = document.documentElement;
  const found = root.scrollWidth > root.clientWidth ? [`page ${root.scrollWidth} px`] : [];
  for (const each of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(each);
    const clips = style.clipPath !== "none" || style.overflowX === "visible";
    if (!clips && each.clientWidth && each.scrollWidth > each.clientWidth + 1
        && !each.matches("input, textarea, select"))
      found.push(`<${each.tagName} class="${each.className}"> scrolls`);
    const box = each.getBoundingClientRect();
    if (box.width && style.clipPath === "none" && !each.closest(".unseen, .skip, thead")
        && (box.right > root.clientWidth + 1 || box.left < -1))
      found.push(`<${each.tagName} class="${each.className}"> ${box.left}..${box.right}`);
  }
  return found;
}"""

# A link within a sentence may be as small as its text (WCAG 2.2, 2.5.8, "inline").
_SMALL = """minimum => {
  const found = [];
  const blockOf = each => {
    let block = each.parentElement;
    while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    return block;
  };
  const words = each => each.innerText.replace(/\\s+/g, " ").trim();
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  for (const each of document.querySelectorAll(controls)) {
    if (!each.checkVisibility() || each.matches(".skip")) continue;
    const isBox = each.matches("[type=radio], [type=checkbox]");
    const target = (isBox && each.closest("label")) || each;
    const inline = getComputedStyle(each).display === "inline";
    if (each.matches("a") && inline && words(blockOf(each)) !== words(each)) continue;
    const box = target.getBoundingClientRect();
    const name = (each.innerText || each.name || "").trim().slice(0, 40);
    if (box.width < minimum - 0.5 || box.height < minimum - 0.5)
      found.push(`${each.tagName} "${name}": ${box.width.toFixed(1)} x ${box.height.toFixed(1)}`);
  }
  return found;
}"""

_HIDDEN_MAIN_ACTION = """() => {
  const main = document.querySelector(".button.main");
  if (!main) return "there is none";
  const box = main.getBoundingClientRect();
  const fits = box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (fits && scrollY === 0 && main.contains(hit)) return "";
  return `${main.innerText} at ${box.top}..${box.bottom} of ${innerHeight}`;
}"""

_FOCUS = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const name = at.innerText || at.getAttribute("aria-label") || at.value || "";
  return {tag: at.tagName, name: name.replace(/\\s+/g, " ").trim(), type: at.type || "",
          field: at.name || "", outline: `${style.outlineStyle} ${style.outlineWidth}`};
}"""


def violations(frame: Page | Frame, rules: Sequence[str] = WCAG_2_2_AA) -> list[str]:
    """Return what axe finds in this document, also where it is framed by another site.

    At the end of the page, where a bar that sticks to the lower edge lies over nothing: elsewhere
    axe takes a control that one can scroll out from under it for one that is covered for good.
    """
    frame.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    frame.evaluate(f"if (!window.axe) {{ {AXE_SCRIPT} }}")
    options = {"runOnly": list(rules), "resultTypes": ["violations"]}
    found = frame.evaluate("options => axe.run(document, options)", options)
    frame.evaluate("scrollTo(0, 0)")
    return [
        f"{each['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def too_wide(frame: Page | Frame) -> list[str]:
    """Return what makes the page scroll sideways or sticks out of it."""
    return list(frame.evaluate(_WIDE))


def glued(frame: Page | Frame) -> list[str]:
    """Return where two sentences follow each other without a blank between them."""
    return re.findall(r"\S*[a-zäöüß][.!?]”?[A-ZÄÖÜ0-9][a-zäöüß ]\S*", frame.inner_text("body"))


def too_small(frame: Page | Frame) -> list[str]:
    """Return the controls that are smaller than a fingertip."""
    return list(frame.evaluate(_SMALL, TARGET_PX))


def main_action_problem(frame: Page | Frame) -> str:
    """Return why the main action is not to be seen without scrolling; "" if it is."""
    return str(frame.evaluate(_HIDDEN_MAIN_ACTION))


def focus(frame: Page | Frame) -> dict[str, Any]:
    """Return tag, name, type, field and outline (style and width) of what has the focus."""
    return dict(frame.evaluate(_FOCUS))
