#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
"""check.py OUT REPORT...: HTML reports of gates as people get to see them

Opens each from disk in a headless Chromium: narrow and wide, light and dark, with
nothing but a keyboard, and on paper. Screenshots and PDF go to OUT, for somebody to
look at. KTAP on stdout; exit status 1 if something is not right.
"""

import pathlib
import subprocess
import sys
import traceback

from browser import ENTER, SHIFT, TAB, Browser

FOCUSED = """
    const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
    if (e === document.body) return null;
    const all = [...document.querySelectorAll('*')];
    return {place: all.indexOf(e), name: e.tagName + ' ' + (e.ariaLabel || e.innerText || ''),
        outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1,
        seen: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth};
"""

# What somebody who has no mouse must get to: what can be opened, and what has to be
# scrolled to be read.
CONTROLS = """
    const all = [...document.querySelectorAll('*')];
    const shown = e => e.checkVisibility({contentVisibilityAuto: true});
    return all.filter(e => e.matches('summary') || e.matches('div.wide, figure')).filter(shown)
        .map(e => all.indexOf(e));
"""

# Lowest contrast of text with what is behind it: 4.5 is what people with weak eyes need
CONTRAST = """
    const rgb = c => c.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v =>
        v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => { for (; e; e = e.parentElement) {
        const c = rgb(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3]) return c; } return [255, 255, 255]; };
    let worst = [99, ''];
    for (const e of document.querySelectorAll('body *')) {
        const text = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!text || e.closest('title')) continue;
        const s = getComputedStyle(e);
        const a = light(rgb(e.closest('svg') ? s.fill : s.color)), b = light(behind(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 80)];
    }
    return worst;
"""

# Tables that are wider than what they are in, but cannot be scrolled
CUT = """
    return [...document.querySelectorAll('table, svg, pre, code')].filter(e => {
        const r = e.getBoundingClientRect();
        return r.width && r.right > innerWidth + 1 && !e.closest('.wide, figure');
    }).map(e => e.outerHTML.slice(0, 80));
"""

# All words, of closed parts, too, but not those of the tips that a mouse shows
WORDS = """
    document.querySelectorAll('details').forEach(d => d.open = true);
    const page = document.querySelector('main').innerText;
    const charts = [...document.querySelectorAll('figure')].map(f =>
        [f.querySelector('figcaption').innerText,
         ...[...f.querySelectorAll('svg text')].map(t => t.textContent)].join(' '));
    return [page, charts];
"""

number = 0
failed = 0


def check(name, function, *args):
    global number, failed
    number += 1
    try:
        function(*args)
        print(f"ok {number} {name}", flush=True)
    except Exception:  # whatever it is, the others are looked at
        failed += 1
        print(f"not ok {number} {name}")
        for line in traceback.format_exc().splitlines()[-12:]:
            print("#", line, flush=True)


def on_screen(browser, report, width, scheme, out):
    browser.open(report, width, scheme)
    browser.picture(f"{out}/{report_name(report)}-{width}-{scheme}.png")
    said = browser.console()
    assert not said, said
    loaded = browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert not [name for name in loaded if name != "data:,"], loaded
    wide = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{wide[0]} pixels in a window of {wide[1]}"
    cut = browser.run(CUT)
    assert not cut, cut
    ratio, where = browser.run(CONTRAST)
    assert ratio >= 4.5, (ratio, where)


def walk(browser, *keys):
    """Where the focus goes until it leaves the page, or begins anew"""
    places = []
    for _ in range(2000):
        browser.press(*keys)
        at = browser.run(FOCUSED)
        if not at or at["place"] == (places or [None])[0]:
            return places
        assert at["outline"], f"the focus cannot be seen: {at}"
        assert at["seen"], f"what has the focus is not in the window: {at}"
        assert at["place"] not in places, f"caught: {at}"
        places.append(at["place"])
    raise AssertionError("no end")


def by_keyboard(browser, report, width, opened):
    browser.open(report, width, "light")
    if opened:
        browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    wanted = browser.run(CONTROLS)
    there = walk(browser, TAB)
    missed = [p for p in wanted if p not in there]
    assert not missed, "not reached: " + str(browser.run(
        "const all = [...document.querySelectorAll('*')];"
        "return arguments[0].map(i => all[i].outerHTML.slice(0, 80))", missed))
    assert there == sorted(there), "not in the order of reading"
    back = walk(browser, SHIFT, TAB)
    assert back == there[::-1], "another way back"
    opens(browser)


def opens(browser):
    """Each of what can be opened, and closed again"""
    for i in range(browser.run("return document.querySelectorAll('summary').length")):
        state = ("return document.querySelectorAll('summary')[arguments[0]]"
                 ".parentElement.open")
        before = browser.run(state, i)
        for want in (not before, before):
            browser.run("document.querySelectorAll('summary')[arguments[0]].focus()", i)
            browser.press(ENTER)
            assert browser.run(state, i) == want, f"summary {i} does not answer"


def pages_of(pdf):
    text = subprocess.run(["pdftotext", "-raw", pdf, "-"], check=True,
                          capture_output=True, text=True).stdout
    return [page.split() for page in text.split("\f")]


def contains(words, part):
    return any(words[i:i + len(part)] == part for i in range(len(words)))


def on_paper(browser, report, scheme, out):
    pdf = f"{out}/{report_name(report)}-{scheme}.pdf"
    browser.open(report, 1200, scheme)
    browser.paper(pdf)
    pages = pages_of(pdf)
    text, charts = browser.run(WORDS)
    # words may be broken at the end of a line
    printed = "".join("".join(page) for page in pages)
    lost = [w for w in text.split() if w not in printed]
    assert not lost, f"not on paper: {lost[:20]}"
    for chart in charts:
        assert any(contains(page, chart.split()) for page in pages), \
            f"cut by the end of a page: {chart}"
    assert all(pages[:-1]), "an empty page"


def report_name(report):
    return pathlib.Path(report).stem


def main():
    out, *reports = sys.argv[1:]
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    browser = Browser()
    print("KTAP version 1")
    print(f"1..{len(reports) * 8}", flush=True)
    try:
        for report in map(str, (pathlib.Path(r).resolve() for r in reports)):
            name = report_name(report)
            for width in 400, 1600:
                for scheme in "light", "dark":
                    check(f"{name}-{width}-{scheme}", on_screen, browser, report, width,
                          scheme, out)
            check(f"{name}-keyboard", by_keyboard, browser, report, 1600, False)
            check(f"{name}-keyboard-narrow", by_keyboard, browser, report, 400, True)
            for scheme in "light", "dark":
                check(f"{name}-paper-{scheme}", on_paper, browser, report, scheme, out)
    finally:
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
