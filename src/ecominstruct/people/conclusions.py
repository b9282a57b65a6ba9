"""The conclusions that the votes allow, as sentences for readers without a background in statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecominstruct.people.judge_report import PEOPLE
from ecominstruct.people.phrases import Tongue, percent

ENOUGH = 0.6  # chance-corrected agreement below which a warning is given; a convention of the field


def conclusions(report: Mapping[str, Any], t: Tongue) -> list[str]:
    """The sentences, most important first. `report` is the result of `judge_report`."""
    name, panel = main_panel(report)
    said = [] if name == PEOPLE else [t("No person has voted: what follows are the votes of {name}.", name=name)]
    for row in panel["tallies"]:
        if not row["task"]:
            said.append(t.join([counted(row, t), shown(row, t), *more(row, t)]))
            said += list(_tasks(row["pair"], panel, t))
    said += list(_strongest(panel, t))
    said += list(_agreement(panel, t))
    said += list(_habits(panel, t))
    for judge in report["judges"]:
        said += list(model_judge(judge, report["judges"][judge], t))
    return [*said, *_left_out(report, t)]


def main_panel(report: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The panel of people; if no person voted, that of the first model that did."""
    name = PEOPLE if PEOPLE in report["panels"] else next(iter(report["panels"]))
    return name, report["panels"][name]


def counted(row: Mapping[str, Any], t: Tongue) -> str:
    """The outcome counts of one task, or of all."""
    one, other = row["pair"]
    shares = {key: percent(row[key] / row["items"], t.lang) for key in ("win", "loss")}
    return t(
        "{one} and {other} were compared on {items} items: {one} was preferred on {win} ({win_share}), {other} on "
        "{loss} ({loss_share}), neither on {tie}, and on {both_bad} both answers were called bad.",
        one=one,
        other=other,
        items=row["items"],
        win=row["win"],
        loss=row["loss"],
        tie=row["tie"],
        both_bad=row["both_bad"],
        win_share=shares["win"],
        loss_share=shares["loss"],
    )


def shown(row: Mapping[str, Any], t: Tongue) -> str:
    """The result of the sign test."""
    one, other = row["pair"]
    if row["verdict"] == "not tested":
        return t("No answer was preferred to another, so nothing can be said about which model is better.")
    p = t.of_hundred(row["p"] if row["p_corrected"] is None else row["p_corrected"])
    if row["verdict"] == "no difference shown":
        return t(
            "That does not show that either is better: if both were equally good, a result at least as uneven would "
            "come about in {p} of 100 such studies.",
            p=p,
        )
    better = one if row["verdict"] == "better" else other
    return t(
        "{better} is preferred: if both were equally good, a result at least as uneven would come about in {p} of "
        "100 such studies.",
        better=better,
        p=p,
    )


def more(row: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    """How many more items would be needed, if any."""
    found = row["more"]
    if found["more"]:
        yield t(
            "If votes went on like this, about {more} further items would decide it, in 80 of 100 cases.",
            more=f"{found['more']:,}",
        )
    elif found["more"] is None:
        yield t("Further items: {reason}.", reason=t.reason(found["reason"]))


def _tasks(pair: list[str], panel: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    rows = [row for row in panel["tallies"] if row["pair"] == pair and row["task"]]
    if len(rows) < 2:
        return
    numbers = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("better", "worse")}
    yield t(
        "Task by task, corrected for the number of tasks: {one} is preferred on {better}, {other} on {worse}; on "
        "{open} of {tasks} the votes do not decide.",
        one=pair[0],
        other=pair[1],
        **numbers,
        open=len(rows) - sum(numbers.values()),
        tasks=len(rows),
    )


def _strongest(panel: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    for fit in panel["strengths"]:
        if len(fit["models"]) < 3:
            continue
        order = [one["model"] for one in fit["models"]]
        first = order[0]
        apart = all(_clear(duel) for duel in fit["duels"] if first in duel["pair"])
        sentence = (
            "Of all models together, {first} comes first, and its lead over each other one is more than chance."
            if apart
            else "Of all models together, {first} comes first, but not all others are clearly behind it."
        )
        yield t(sentence, first=first)
    if len(panel["strengths"]) > 1:
        yield t("Some models were never compared with others, not even by way of a third: no order holds across them.")


def _clear(duel: Mapping[str, Any]) -> bool:
    low, high = duel["wins"]["low"], duel["wins"]["high"]
    return low is not None and (low > 0.5 or high < 0.5)


def _agreement(panel: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    found = {one["statistic"]: one for one in panel["agreement"]}
    same, steady = found["percent"], found["gwet_ac1"]
    if same["value"] is None:
        yield t("Nothing is known of how far voters agree: {reason}.", reason=t.reason(same["reason"]))
        return
    yield t(
        "Two voters gave the same verdict on an item in {same} of cases (AC1 {ac1}, alpha {alpha}).",
        same=percent(same["value"], t.lang),
        ac1=_number(steady["value"]),
        alpha=_number(found["krippendorff_alpha"]["value"]),
    )
    if steady["value"] is not None and steady["value"] < ENOUGH:
        yield t(
            "That is little: before more items are judged, the voters ought to talk about what makes an answer better."
        )


def _habits(panel: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    left, odds = panel["left"], panel["length"]["odds"]
    if left and left["value"] is not None and not left["low"] <= 0.5 <= left["high"]:
        yield t(
            "The side matters: of votes that prefer an answer, {share} prefer the left one.",
            share=percent(left["value"], t.lang),
        )
    elif left and left["value"] is not None:
        yield t("No habit of preferring one side is seen.")
    if odds["value"] is not None and not odds["low"] <= 1 <= odds["high"]:
        sentence = (
            "Longer answers are preferred beyond what the choice of model explains."
            if odds["value"] > 1
            else "Shorter answers are preferred beyond what the choice of model explains."
        )
        yield t(sentence)
    if panel["again"]:
        same = panel["again"][0]["same"]
        yield t(
            "When an item came again, voters said the same in {same} of {of} cases.",
            same=percent(same["value"], t.lang),
            of=same["of"],
        )


def model_judge(judge: str, found: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    """How well a model that votes agrees with people."""
    both, winner = found["with_people"], found["same_winner"]
    if both is None:
        yield t("{judge} and people have no item in common: its votes stand for nobody else.", judge=judge)
    else:
        yield t(
            "{judge} says what most people say on {same} of {items} items (kappa {kappa}); where both prefer a model, "
            "it is the same one in {winner} of {of} cases.",
            judge=judge,
            same=percent(both["percent"]["value"], t.lang),
            items=both["percent"]["items"],
            kappa=_number(both["kappa"]["value"]),
            winner=percent(winner["value"], t.lang),
            of=winner["of"],
        )
    judging = found["judging"]
    if judging:
        yield t(
            "{judge} was asked about {items} items in both orders: on {flipped} it preferred the other answer when "
            "they changed places (these count as ties), on {unread} its reply could not be read; {addressed} answers "
            "spoke to the judge.",
            judge=judge,
            **{key: judging[key] for key in ("items", "flipped", "unread", "addressed")},
        )


def _left_out(report: Mapping[str, Any], t: Tongue) -> Iterator[str]:
    for reason, count in report["left_out"].items():
        yield t("Votes that do not count: {count} ({reason}).", count=count, reason=t.reason(reason))
    if report["unchecked"]:
        yield t(
            "Votes on answers that this run does not hold, and that could not be checked against them: {count}.",
            count=report["unchecked"],
        )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
