"""The tables of the judge page: the results of one panel of voters, which is people or one model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecominstruct.people.phrases import Tongue, percent
from ecominstruct.report.evidence import chance, grid
from ecominstruct.report.markup import DASH, Html, join, label, say, tag

STATISTICS = {
    "percent": "share of equal verdicts",
    "cohen_kappa": "Cohen's kappa",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "gwet_ac1": "Gwet's AC1",
}
VERDICTS = {
    "no difference shown": "no difference shown",
    "not tested": "nothing to test",
}
Report = Mapping[str, Any]


def soft(text: str) -> Html:
    """Render a remark in muted text."""
    return tag("p", text, class_="soft")


def task(name: str, report: Report, t: Tongue) -> Html:
    """Render a task by its title and id; "all tasks" if the name is empty."""
    if not name:
        return tag("b", t("all tasks"))
    title = report["titles"].get(name, name)
    return join([say(title), tag("span", say(name), class_="sub")], "") if title != name else say(name)


def tallies(panel: Report, report: Report, t: Tongue) -> Html:
    """Render wins, ties and losses of each pair and task, with test and power."""
    head = [t(word) for word in ("Task", "Preferred", "Items", "Wins", "Ties", "Both bad", "Losses")]
    head += [t("Wins of decided"), t("95 % interval"), "p", t("Items more")]
    parts = []
    for pair in dict.fromkeys(tuple(row["pair"]) for row in panel["tallies"]):
        rows = [
            [
                task(row["task"], report, t),
                _preferred(row, t),
                *(f"{row[key]:,}" for key in ("items", "win", "tie", "both_bad", "loss")),
                percent(row["decided"]["value"], t.lang),
                between(row["decided"], t),
                chance(row["p"] if row["p_corrected"] is None else row["p_corrected"]),
                _more(row["more"], t),
            ]
            for row in panel["tallies"]
            if tuple(row["pair"]) == pair
        ]
        parts += [tag("p", say(pair[0]), t(" against "), say(pair[1])), grid(head, rows, t("Figures by task"), 2)]
    lead = t(
        "Wins are of the model named first. p: the sign test, in which ties count for neither side, corrected for the "
        "number of tasks (Holm). Items more: how many would show a difference in 80 of 100 cases, if votes went on "
        "like this."
    )
    return join([soft(lead), *parts])


def _preferred(row: Mapping[str, Any], t: Tongue) -> Html | str:
    winner = {"better": row["pair"][0], "worse": row["pair"][1]}.get(row["verdict"])
    return tag("b", say(winner)) if winner else t(VERDICTS[row["verdict"]])


def _more(found: Mapping[str, Any], t: Tongue) -> Html | str:
    if found["more"]:
        return f"{found['more']:,}"
    return tag("span", t.reason(found["reason"]), class_="sub wrap")


def between(share: Mapping[str, Any], t: Tongue) -> str:
    """Format the interval of a share."""
    if share["low"] is None:
        return DASH
    return f"{percent(share['low'], t.lang)} – {percent(share['high'], t.lang)}"


def strengths(panel: Report, report: Report, t: Tongue) -> Html:
    """Render the strengths of the models, estimated from all comparisons together."""
    parts = [
        soft(
            t(
                "From all comparisons together (Bradley–Terry with ties): how often a model wins against each other "
                "one, on average, where one of the two is preferred. Votes on one item count as kin."
            )
        )
    ]
    for fit in panel["strengths"]:
        if fit["reason"]:
            parts.append(soft(t.reason(fit["reason"])))
        rows = [
            [
                say(one["model"]),
                percent(one["wins"]["value"], t.lang),
                between(one["wins"], t),
                f"{one['strength']:+.2f}",
            ]
            for one in fit["models"]
        ]
        head = [t(word) for word in ("Model", "Wins", "95 % interval", "Strength (log)")]
        parts += [grid(head, rows, t("Strengths of the models"))] if rows else []
        duels = [
            [
                say(duel["pair"][0]),
                say(duel["pair"][1]),
                percent(duel["wins"]["value"], t.lang),
                between(duel["wins"], t),
            ]
            for duel in fit["duels"]
        ]
        if len(fit["models"]) > 2:
            parts.append(grid([t("First"), t("Second"), t("First wins"), t("95 % interval")], duels, t("Duels"), 2))
    return join(parts)


def agreement(panel: Report, report: Report, t: Tongue) -> Html:
    """Render the agreement of voters: all together, in pairs, and by task."""
    head = [t(word) for word in ("", "Value", "95 % interval", "Items", "Left out", "Remark")]
    rows = [_statistic(one, t) for one in panel["agreement"]]
    parts = [grid(head, rows, t("How far voters agree"))]
    two = [
        [
            say(pair["one"]),
            say(pair["other"]),
            percent(pair["percent"]["value"], t.lang),
            figure(pair["kappa"]["value"]),
            spread(pair["kappa"]),
            f"{pair['kappa']['items']:,}",
            t.reason(pair["kappa"]["reason"]),
        ]
        for pair in panel["by_two"]
    ]
    if two:
        words = ("One voter", "Other voter", "Same", "Cohen's kappa", "95 % interval", "Items", "Remark")
        parts.append(grid([t(word) for word in words], two, t("Two by two"), 2))
    tasks = [
        [
            task(name, report, t),
            percent(found["percent"]["value"], t.lang),
            figure(found["gwet_ac1"]["value"]),
            spread(found["gwet_ac1"]),
            f"{found['percent']['items']:,}",
        ]
        for name, statistics in panel["by_task"].items()
        for found in [{one["statistic"]: one for one in statistics}]
    ]
    if tasks:
        names = ("Task", "Same", "Gwet's AC1", "95 % interval", "Items")
        parts.append(grid([t(word) for word in names], tasks, t("Agreement by task")))
    return join(parts)


def _statistic(one: Mapping[str, Any], t: Tongue) -> list[Html | str]:
    value = percent(one["value"], t.lang) if one["statistic"] == "percent" else figure(one["value"])
    counts = (f"{one['items']:,}", f"{one['left_out']:,}")
    return [t(STATISTICS[one["statistic"]]), value, spread(one), *counts, t.reason(one["reason"])]


def figure(value: float | None) -> str:
    """Format a number with two decimals; a dash if there is none."""
    return DASH if value is None else f"{value:.2f}".replace("-", "−")


def spread(found: Mapping[str, Any]) -> str:
    """Format the interval of a number, as `figure` formats the number."""
    return DASH if found["low"] is None else f"{figure(found['low'])} – {figure(found['high'])}"


def habits(panel: Report, report: Report, t: Tongue) -> Html:
    """Render what else influences votes: side, length of the answer, and items that are shown twice."""
    left, length = panel["left"], panel["length"]
    odds = length["odds"]
    rows: list[list[Html | str]] = [
        [
            t("The longer answer is preferred"),
            percent(length["longer"]["value"], t.lang),
            between(length["longer"], t),
            f"{length['longer']['of']:,}",
            "",
        ],
        [
            t("Odds of an answer where it is the longer one, same models"),
            figure(odds["value"]),
            spread(odds),
            "",
            t.reason(odds["reason"]),
        ],
    ]
    if left:
        name = t("The left answer is preferred")
        rows.insert(0, [name, percent(left["value"], t.lang), between(left, t), f"{left['of']:,}", ""])
    for again in panel["again"]:
        name = t("Same verdict when an item came again")
        who = tag("div", name, tag("span", say(again["voter"]), class_="sub")) if again["voter"] else name
        turned = t("{turned} turned to the other model", turned=again["turned"]) if again["turned"] else ""
        same = again["same"]
        rows.append([who, percent(same["value"], t.lang), between(same, t), f"{same['of']:,}", turned])
    head = [t(word) for word in ("", "Value", "95 % interval", "Of", "Remark")]
    return grid(head, rows, t("What else moves votes"))


def voters(report: Report, t: Tongue) -> Html:
    """Render the counts of each voter, so that unusual ones are seen."""
    rows = [
        [
            say(voter["voter"]),
            f"{voter['votes']:,}",
            *(f"{voter[choice]:,}" for choice in ("left", "right", "tie", "both_bad")),
            between(voter["left_side"], t),
        ]
        for voter in report["voters"]
    ]
    words = ("Voter", "Votes", "Left", "Right", "Ties", "Both bad", "Left of decided, 95 % interval")
    return join([tag("h3", t("Voters")), grid([t(word) for word in words], rows, t("Voters"))])


def metrics(panel: Report, report: Report, t: Tongue) -> Html:
    """Render how metrics correlate with votes."""
    rows = [
        [
            label(found["metric"]),
            figure(found["correlation"]),
            spread(found),
            percent(found["same"]["value"], t.lang),
            between(found["same"], t),
            f"{found['items']:,}",
            t.reason(found["reason"]),
        ]
        for found in panel["metrics"]
    ]
    if not rows:
        return soft(t("The run holds no scores of these models: ecom score RUN --model MODEL."))
    head = ("Metric", "Correlation", "95 % interval", "Same model", "95 % interval", "Items", "Remark")
    lead = t(
        "How the difference of two answers by a metric goes with the votes on them, item by item. Same model: where "
        "both votes and metric prefer one."
    )
    return join([soft(lead), grid([t(word) for word in head], rows, t("Votes and metrics"))])
