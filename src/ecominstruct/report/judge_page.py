"""The votes on a run as one self-contained page, in English or Chinese: inline style and SVG, no script.

Names and texts are data, and are escaped when they enter an element. The same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from ecominstruct.people.conclusions import conclusions
from ecominstruct.people.judge_report import PEOPLE
from ecominstruct.people.phrases import Tongue, percent
from ecominstruct.report.evidence import chance, grid
from ecominstruct.report.frame import page_head, page_style
from ecominstruct.report.judge_parts import (
    Report,
    agreement,
    between,
    figure,
    habits,
    metrics,
    soft,
    spread,
    strengths,
    tallies,
    task,
    voters,
)
from ecominstruct.report.markup import DASH, Html, join, say, tag
from ecominstruct.rows import Lang
from ecominstruct.runs.files import write_bytes
from ecominstruct.runs.stages import stage

PAGES: Mapping[Lang, str] = {"en": "judge.html", "zh": "judge.zh.html"}
NAMES: Mapping[Lang, str] = {"en": "English", "zh": "中文"}


def render_page(report: Report, lang: Lang) -> str:
    """Render the page. `report` is the result of `people.judge_report.judge_report`."""
    t = Tongue(lang)
    own = files("ecominstruct.report").joinpath("judge.css").read_text(encoding="utf-8")
    head = page_head(t("Which answers are preferred?"), f"{page_style()}\n{own}")
    sections = dict(_sections(report, t))
    links = [tag("a", title, href=f"#s{n}") for n, title in enumerate(sections)]
    links += [tag("a", NAMES[other], href=PAGES[other], lang=other) for other in PAGES if other != lang]
    main = [
        tag("section", tag("h2", title, id=f"s{n}"), content, aria_labelledby=f"s{n}")
        for n, (title, content) in enumerate(sections.items())
    ]
    nav = tag("nav", *links, aria_label=t("Contents"))
    footer = tag("footer", t("This page needs no network and no script."))
    body = tag("body", tag("header", _head(report, t), nav), tag("main", join(main)), footer)
    return f"<!doctype html>\n{tag('html', head, body, lang='zh-Hans' if lang == 'zh' else lang)}\n"


def _head(report: Report, t: Tongue) -> Html:
    people = sum(not voter["voter"].startswith("llm:") for voter in report["voters"])
    numbers = {
        t("votes"): report["votes"],
        t("people who vote"): people,
        t("models that vote"): len(report["voters"]) - people,
        t("models compared"): len(report["models"]),
    }
    totals = [tag("li", tag("b", f"{number:,}"), name) for name, number in numbers.items()]
    kicker = tag("p", t("E-commerce instructions: answers compared"), class_="kicker")
    return join([kicker, tag("h1", t("Which answers are preferred?")), tag("ul", *totals, class_="totals")])


def _sections(report: Report, t: Tongue) -> Iterator[tuple[str, Html]]:
    yield t("In short"), tag("ul", *(tag("li", line) for line in conclusions(report, t)), class_="short")
    yield t("Wins, ties and losses"), _outcomes(report, t)
    yield t("Figures by task"), _by_panel(report, t, tallies)
    yield t("Strengths of the models"), _by_panel(report, t, strengths)
    yield t("How far voters agree"), _by_panel(report, t, agreement, several=True)
    yield t("What else moves votes"), join([_by_panel(report, t, habits), voters(report, t)])
    yield t("Votes and metrics"), _by_panel(report, t, metrics)
    if report["judges"]:
        yield t("Models as judges"), _judges(report, t)
    yield t("The published comparison"), _published(report, t)
    yield t("How these figures are made"), _method(t)


def _who(name: str, t: Tongue) -> Html:
    return say(t("people") if name == PEOPLE else name)


def _by_panel(report: Report, t: Tongue, show: Any, several: bool = False) -> Html:
    """Render a part for people and for each model that votes; with `several`, only for people."""
    panels = {name: panel for name, panel in report["panels"].items() if name == PEOPLE or not several}
    if not panels:
        return soft(t("No person has voted."))
    return join([join([tag("h3", _who(name, t)), show(panel, report, t)]) for name, panel in panels.items()])


def _outcomes(report: Report, t: Tongue) -> Html:
    """Render bars for each pair and task: of people, of each model that votes, and of the paper if it has the task."""
    rows: dict[tuple[str, ...], dict[str, list[tuple[Html, Mapping[str, Any]]]]] = {}
    for name, panel in report["panels"].items():
        for row in panel["tallies"]:
            of_pair = rows.setdefault(tuple(row["pair"]), {})
            of_pair.setdefault(row["task"], []).append((_who(name, t), row))
    parts = []
    for (one, other), tasks in rows.items():
        cells = []
        for name, bars in sorted(tasks.items()):
            folder = report["papers"].get(name)
            found = report["published"]["tasks"].get(folder) if folder else None
            cells += [tag("div", task(name, report, t), class_="task"), outcome_rows(bars, found, t)]
        names = [say(one), t(" and "), say(other)]
        parts += [tag("h3", *names), keys(say(one), say(other), t), tag("div", join(cells), class_="outcomes")]
    lead = t(
        "An item that several people judged counts once, with what most of them said; where they are split, it is a "
        "tie. Numbers in the bars are items. Whiskers: the 95 % interval of the share of wins, from the left."
    )
    return join([soft(lead), *parts])


def _judges(report: Report, t: Tongue) -> Html:
    head = ("Judge", "Items", "Turned", "Unsteady", "Unread", "No reply", "First place", "Answers that speak to it")
    rows = []
    for judge, found in report["judges"].items():
        how = found["judging"]
        if how:
            place = how["first_place"]
            first = percent(place["preferred"] / place["of"], t.lang) if place["of"] else DASH
            numbers = [f"{how[key]:,}" for key in ("items", "flipped", "unsteady", "unread", "no_reply")]
            spoken = t("{addressed}, of which {won} won", addressed=how["addressed"], won=how["addressed_won"])
            rows.append([say(judge), *numbers, first, spoken if how["addressed"] else "0"])
    beside = [
        [
            say(judge),
            f"{found['with_people']['percent']['items']:,}",
            f"{found['split']:,}",
            percent(found["with_people"]["percent"]["value"], t.lang),
            between(found["with_people"]["percent"], t),
            figure(found["with_people"]["kappa"]["value"]),
            spread(found["with_people"]["kappa"]),
            percent(found["same_winner"]["value"], t.lang),
            between(found["same_winner"], t),
        ]
        for judge, found in report["judges"].items()
        if found["with_people"]
    ]
    words = ("Judge", "Items", "People split", "Same", "95 % interval", "Cohen's kappa", "95 % interval")
    last = ("Same winner", "95 % interval")
    lead = t(
        "A model that votes is asked in both orders, and a model wins only where it is preferred in both. Turned: the "
        "other answer was preferred when they changed places. First place: how often the first answer was preferred, "
        "of replies that prefer one. Answers that speak to the judge are found by a small check of their words."
    )
    tables = [grid([t(word) for word in head], rows, t("Models as judges"))] if rows else []
    if beside:
        tables += [
            tag("h3", t("Beside people")),
            grid([t(word) for word in (*words, *last)], beside, t("Beside people")),
        ]
    return join([soft(lead), *tables])


def _published(report: Report, t: Tongue) -> Html:
    found = report["published"]
    cells = []
    for folder, row in found["tasks"].items():
        words = f"{percent(row['decided']['value'], t.lang)} ({between(row['decided'], t)}), p {chance(row['p'])}"
        name = tag("div", say(folder), tag("span", words, class_="sub"), class_="task")
        cells += [name, published_row(row, t)]
    lead = t(
        "Figure 3 of the paper, read from its pixels: 100 samples a task, EcomGPT 7b1 against ChatGPT; people could "
        "say win, tie or loss. Below each task: the share of wins among the decided, with its interval and the p value "
        "of the sign test, which the paper does not give. The paper tells neither how many people judged, nor whether "
        "they saw which model was which, nor how far they agreed. Published, not re-run."
    )
    source = tag("p", t("Source: "), say(found["source"]), class_="soft")
    legend = keys(Html("EcomGPT 7b1"), Html("ChatGPT"), t, both_bad=False)
    return join([soft(lead), source, legend, tag("div", join(cells), class_="outcomes")])


def _method(t: Tongue) -> Html:
    words = {
        "Intervals": "95 %. Shares: Wilson's, with the variance over families of examples. Agreement and correlations: "
        "a bootstrap over families. Strengths: from the scores of the likelihood summed up over families.",
        "Share of equal verdicts": "Of all two votes on an item, how many are the same: a model, a tie, or both bad.",
        "Kappa, alpha, AC1": "What is left of it when agreement by chance is taken off: 0 is chance, 1 is perfect. "
        "Where nearly all verdicts are the same, kappa and alpha can be low although people agree; AC1 is steadier.",
        "Sign test": "The chance of so uneven a split, or a more uneven one, if each decided item were a coin.",
        "Not known": "The intervals hold for these voters and items like these; other people may judge otherwise.",
    }
    return tag("dl", join([join([tag("dt", t(key)), tag("dd", t(text))], "") for key, text in words.items()]))


def write_pages(run: Path, report: Report) -> list[Path]:
    """Write the page in each language into the report folder of the run. Returns the paths."""
    written = []
    for lang, name in PAGES.items():
        path = run / stage("report").folder / name
        write_bytes(path, render_page(report, lang).encode("utf-8", "replace"))
        written.append(path)
    return written


OUTCOMES = {"win": "win", "tie": "tie", "both_bad": "both bad", "loss": "loss"}
DIGIT, MARGIN = 1.7, 1.0  # width of a digit, and the margin of a number, in percent of the bar


def keys(one: Html, other: Html, t: Tongue, both_bad: bool = True) -> Html:
    """Render the legend of the bars."""
    words = {
        "win": [one, t(" is preferred")],
        "tie": [t("tie")],
        "both_bad": [t("both bad")],
        "loss": [other, t(" is preferred")],
    }
    items = [
        tag("li", tag("span", class_=f"chip-{key}", aria_hidden="true"), *text)
        for key, text in words.items()
        if both_bad or key != "both_bad"
    ]
    return tag("ul", *items, class_="keys")


def outcome_rows(
    bars: Sequence[tuple[Html, Mapping[str, Any]]], published: Mapping[str, Any] | None, t: Tongue
) -> Html:
    """Render the bars of one task: of people, of each model that votes, and of the paper."""
    alone = len(bars) == 1 and not published
    rows = [
        join([Html("") if alone else tag("div", who, class_="who-votes"), _bar(row, row["wins"], t)], "")
        for who, row in bars
    ]
    if published:
        who = tag("div", t("in the paper: EcomGPT 7b1 against ChatGPT"), class_="who-votes")
        rows.append(join([who, _bar({**published, "both_bad": 0}, None, t)], ""))
    return tag("div", join(rows), class_="bars-of")


def published_row(row: Mapping[str, Any], t: Tongue) -> Html:
    """Render a bar of the figure in the paper."""
    return tag("div", _bar({**row, "both_bad": 0}, None, t), class_="bars-of")


def _bar(row: Mapping[str, Any], wins: Mapping[str, Any] | None, t: Tongue) -> Html:
    total = sum(row[key] for key in OUTCOMES) or 1
    parts, x = [], 0.0
    for key, name in OUTCOMES.items():
        width = 100 * row[key] / total
        if not width:
            continue
        share = percent(row[key] / total, t.lang)
        title = tag("title", f"{t(name)}: {row[key]:,} ({share})")
        parts.append(tag("rect", title, x=f"{x:.2f}%", width=f"{width:.2f}%", height="100%", class_=f"is-{key}"))
        if width >= DIGIT * len(f"{row[key]:,}") + MARGIN:
            middle = f"{x + width / 2:.2f}%"
            parts.append(tag("text", f"{row[key]:,}", x=middle, y="50%", dy="0.36em", class_=f"on-{key}"))
        x += width
    if wins and wins["low"] is not None:
        ends = {"x1": f"{100 * wins['low']:.2f}%", "x2": f"{100 * wins['high']:.2f}%"}
        parts.append(tag("line", **ends, y1="112%", y2="112%", class_="whisker"))
    words = ", ".join(f"{t(name)} {row[key]:,}" for key, name in OUTCOMES.items())
    return tag("svg", *parts, class_="votes", role="img", aria_label=words)
