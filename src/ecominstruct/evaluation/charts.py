"""The drawing half of the report page: an element helper that always escapes, the marks, the charts, the style.

Charts are inline SVG placed by percentages, so that they follow the width of the page and shapes keep their size.
Nothing here needs a script or an outside asset.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecominstruct.evaluation.page import Model, Stage, Task

OUTCOMES: Mapping[str, str] = {
    "parsed": "read as an answer",
    "error": "the model gave no answer",
    "refused": "the model declined to answer",
    "truncated": "cut by the length limit",
    "empty": "nothing was written",
    "off_menu": "an answer outside the candidates",
    "ambiguous": "several or all of the candidates",
    "unparseable": "cannot be read",
}
DASH = "–"
LANE = 12  # pixels between marks that would cover each other
NEAR = 0.03  # scores closer than this get lanes of their own
SLIVER = 0.8  # the least width, in percent, of an outcome that occurred

# Every mark fits a box of 14 x 14 around (0, 0). Filled: models. Hollow: floors. The ring: checks.
SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    "M-4.5-4.5h9v9h-9z",
    "M0-6.2L6.2 0 0 6.2-6.2 0z",
    "M0-5.8L5.8 4.6H-5.8z",
    "M0 5.8L5.8-4.6H-5.8z",
    "M-1.8-5.6h3.6v3.8h3.8v3.6h-3.8v3.8h-3.6v-3.8h-3.8v-3.6h3.8z",
    "M0-6L5.7-1.9 3.5 4.9H-3.5L-5.7-1.9z",
    "M-5.4-2.9L-2.9-5.4 0-2.5 2.9-5.4 5.4-2.9 2.5 0 5.4 2.9 2.9 5.4 0 2.5-2.9 5.4-5.4 2.9-2.5 0z",
    "M0-7L1.7-2.3 6.7-2.2 2.7.9 4.1 5.7 0 2.8-4.1 5.7-2.7.9-6.7-2.2-1.7-2.3z",
    "M-3-5.2H3L6 0 3 5.2H-3L-6 0z",
)
HOLLOW = ("M-3-3h6v6h-6z", "M0-4L4 0 0 4-4 0z", "M0-3.8L4 3.2H-4z", "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z")
RING = "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0z"
COLOURS = 8  # of models, and of outcomes

_UNUSUAL = re.compile(r"[^\n\t\x20-\x7e]")
_HAN = re.compile(r"[\u2e80-\u2fdf\u3001-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff5e\U00020000-\U0003ffff]")


class Html(str):
    """Text that is markup already; any other string is escaped where it enters an element."""

    __slots__ = ()


def _code_point(char: str) -> str | None:
    """The name of a character that is invisible, controls the terminal or turns the text; None for all others."""
    kind, code = unicodedata.category(char), ord(char)
    if kind in ("Cc", "Cf", "Zl", "Zp") and char not in "\u200c\u200d":  # joiners belong to emoji and scripts
        return f"U+{code:04X}"
    return f"U+{code:04X}" if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF else None


def _readable(text: str, mark: str) -> str:
    def show(match: re.Match[str]) -> str:
        char = match.group()
        if "\ud800" <= char <= "\udfff":
            return "\ufffd"
        name = _code_point(char)
        return char if name is None else mark.format(name)

    return _UNUSUAL.sub(show, text)


def plain(text: str) -> str:
    """Text for an attribute or a title, not yet escaped: odd characters are named between angle brackets."""
    return _readable(text, "⟨{}⟩")


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Html:
    """One element. A child that is not Html is escaped, as is every attribute; None leaves an attribute out."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(plain(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name == "meta":
        return Html(f"<{name}{words}>")
    mark = "⟨{}⟩" if name == "title" else '<span class="ctl">{}</span>'
    body = "".join(child if isinstance(child, Html) else _readable(escape(child), mark) for child in children)
    return Html(f"<{name}{words}>{body}</{name}>")


def join(parts: Iterable[Html], separator: str = "\n") -> Html:
    """Markup after markup; the separator is ours, never data."""
    return Html(separator.join(parts))


def say(text: str, lang: str | None = None) -> Html:
    """Text from the data: isolated from the direction of what surrounds it, and marked when it holds Chinese."""
    return tag("bdi", text, lang=lang or ("zh" if _HAN.search(text) else None))


def number(value: float | None) -> str:
    """A score in three decimals, or a dash when there is none."""
    return DASH if value is None else f"{value:.3f}"


def label(name: str) -> str:
    """The readable form of a name such as `span_f1`."""
    known = {"f1": "F1", "rouge": "ROUGE", "l": "L", "bleu": "BLEU", "json": "JSON", "id": "id"}
    return " ".join(known.get(word, word) for word in name.split("_")) or name


def score_of(task: Task, name: str, metric: str) -> float | None:
    """One score; None when it is absent or is no number."""
    value = task["scores"].get(name, {}).get(metric)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def best_floor(task: Task, models: Sequence[Model], metric: str) -> float | None:
    """The highest score that a floor reaches."""
    found = [score_of(task, model["name"], metric) for model in models if model["kind"] == "floor"]
    return max((value for value in found if value is not None), default=None)


def outcomes_of(task: Task, name: str) -> dict[str, int]:
    """The outcomes that occurred, in the fixed order; names that are not among the eight come last."""
    found = task["scores"].get(name, {}).get("outcomes")
    if not isinstance(found, Mapping):
        return {}
    order = [*OUTCOMES, *sorted(set(found) - set(OUTCOMES))]
    return {key: found[key] for key in order if found.get(key)}


def mark_ids(models: Sequence[Model]) -> list[tuple[str, str]]:
    """For every model the id of its shape and the class of its colour."""
    floors = models_seen = 0
    marks = []
    for model in models:
        if model["kind"] == "model":
            marks.append((f"s{models_seen % len(SHAPES)}", f"c{models_seen % COLOURS}"))
            models_seen += 1
        elif model["kind"] == "floor":
            marks.append((f"h{floors % len(HOLLOW)}", "hollow"))
            floors += 1
        else:
            marks.append(("ring", "hollow ring"))
    return marks


def shapes() -> Html:
    """The definitions of the marks, which the charts refer to."""
    named = [("s", SHAPES), ("h", HOLLOW)]
    paths = [tag("path", id=f"{key}{i}", d=path) for key, group in named for i, path in enumerate(group)]
    paths.append(tag("path", id="ring", d=RING))
    return tag("svg", tag("defs", *paths), width=0, height=0, class_="defs", aria_hidden="true")


def symbol(mark: tuple[str, str]) -> Html:
    """A mark for a legend or a table heading."""
    use = tag("use", href=f"#{mark[0]}", class_=mark[1])
    return tag("svg", use, class_="key", width=18, height=18, viewBox="-9 -9 18 18", aria_hidden="true")


def _spread(values: Sequence[float]) -> list[float]:
    """A vertical offset, in lanes around 0, for each score, so that no mark covers another."""
    order = sorted(range(len(values)), key=lambda i: (values[i], i))
    offsets = [0.0] * len(values)
    cluster: list[tuple[int, int]] = []
    ends: list[float] = []
    for i in order:
        if ends and values[i] - max(ends) >= NEAR:
            for member, lane in cluster:
                offsets[member] = lane - (len(ends) - 1) / 2
            cluster, ends = [], []
        lane = next((k for k, end in enumerate(ends) if values[i] - end >= NEAR), len(ends))
        ends[lane : lane + 1] = [values[i]]
        cluster.append((i, lane))
    for member, lane in cluster:
        offsets[member] = lane - (len(ends) - 1) / 2
    return offsets


def dot_row(task: Task, models: Sequence[Model]) -> Html:
    """The headline scores of one task on a line from 0 to 1, over the band that the best floor reaches."""
    metric = task["headline"]
    marks = mark_ids(models)
    seen = [(i, score_of(task, model["name"], metric)) for i, model in enumerate(models)]
    places = [(i, value, min(max(value, 0.0), 1.0)) for i, value in seen if value is not None]
    own = [place for place in places if models[place[0]]["kind"] == "model"]
    offsets = dict(zip([i for i, _, _ in own], _spread([x for _, _, x in own]), strict=True))
    floors = [i for i, model in enumerate(models) if model["kind"] == "floor"]
    step = 22 / max(len(floors), 1)
    offsets |= {i: (k - (len(floors) - 1) / 2) * step / LANE for k, i in enumerate(floors)}

    def draw(place: tuple[int, float, float]) -> Html:
        i, value, x = place
        shift = f"translate(0 {offsets[i] * LANE:.1f})" if offsets.get(i) else None
        title = tag("title", f"{models[i]['name']}: {number(value)} {label(metric)}, {task['title']}")
        return tag("use", title, href=f"#{marks[i][0]}", x=f"{x:.2%}", y="50%", transform=shift, class_=marks[i][1])

    parts = [tag("line", x1=f"{x}%", x2=f"{x}%", y1="0", y2="100%", class_="grid") for x in (0, 25, 50, 75, 100)]
    floor = best_floor(task, models, metric)
    if floor is not None:
        edge = f"{min(max(floor, 0.0), 1.0):.2%}"
        band = tag("title", f"best floor: {number(floor)}")
        parts.append(tag("rect", band, x="0", y="0", width=edge, height="100%", class_="band"))
        parts.append(tag("line", x1=edge, x2=edge, y1="0", y2="100%", class_="edge"))
    parts += [draw(place) for place in places if models[place[0]]["kind"] != "model"]
    parts += [draw(place) for place in own]
    lanes = max((abs(offsets[i]) for i, _, _ in own), default=0.0)
    words = "; ".join(f"{models[i]['name']} {number(value)}" for i, value, _ in places) or "no scores"
    drawing = tag("svg", *parts, role="img", aria_label=f"{label(metric)}: {words}")
    return tag("div", drawing, class_="plot", style=f"min-height:{36 + 2 * max(lanes - 0.5, 0) * LANE:.0f}px")


def outcome_bar(counts: Mapping[str, int]) -> Html:
    """A stacked bar; what occurred is never thinner than a sliver."""
    total = sum(counts.values()) or 1
    widths = {key: max(100 * count / total, SLIVER) for key, count in counts.items()}
    scale = 100 / (sum(widths.values()) or 1)
    parts, x = [], 0.0
    names = list(OUTCOMES)
    for key, width in widths.items():
        title = tag("title", f"{label(key)}: {counts[key]:,}")
        colour = f"o{names.index(key) if key in names else 7}"
        parts.append(tag("rect", title, x=f"{x:.2f}%", width=f"{width * scale:.2f}%", height="100%", class_=colour))
        x += width * scale
    return tag("svg", *parts, class_="bar", role="img", aria_label=outcome_words(counts))


def outcome_words(counts: Mapping[str, int]) -> str:
    """The outcomes that occurred, in words; a count stays on the line of its name."""
    return ", ".join(f"{label(key)}\u00a0{count:,}" for key, count in counts.items()) or "no answers"


def outcome_bars(rows: Sequence[tuple[str, Mapping[str, int]]]) -> Html:
    """A bar and its words for each name."""
    cells = []
    for name, counts in rows:
        bar = outcome_bar(counts) if counts else Html("")
        cells += [tag("div", say(name)), tag("div", bar, tag("span", outcome_words(counts), class_="sub"))]
    return tag("div", join(cells), class_="bars")


def stage_bar(stage: Stage, most: int) -> Html:
    """Rows out over rows in, on the scale of the largest stage."""
    rows_in, rows_out = stage["rows_in"], stage["rows_out"]
    parts = [
        tag("rect", width=f"{100 * rows / (most or 1):.2f}%", height="100%", class_=kind)
        for rows, kind in ((rows_in, "rows-in"), (rows_out, "rows-out"))
    ]
    return tag("svg", *parts, class_="bar", role="img", aria_label=f"{rows_in:,} rows in, {rows_out:,} rows out")


def _reasons(word: str, reasons: Mapping[str, int]) -> Html:
    ordered = sorted(((name, n) for name, n in reasons.items() if n), key=lambda item: (-item[1], item[0]))
    parts = [join([say(label(name)), Html(f" {n:,}")], "") for name, n in ordered]
    return tag("p", tag("b", word), " ", join(parts, ", "))


def flow(stages: Sequence[Stage]) -> Html:
    """The stages, one under the other: rows in, rows out, what was rejected and what was noted."""
    most = max((max(stage["rows_in"], stage["rows_out"]) for stage in stages), default=1)
    items = []
    for stage in stages:
        what = tag("div", tag("b", say(stage["name"])), tag("span", say(stage["about"]), class_="sub"))
        lines = [tag("div", f"{stage['rows_in']:,} → {stage['rows_out']:,} rows"), stage_bar(stage, most)]
        if any(stage["rejected"].values()):
            lines.append(_reasons("Rejected:", stage["rejected"]))
        if any(stage["noted"].values()):
            lines.append(_reasons("Kept, but noted:", stage["noted"]))
        if len(lines) == 2:
            lines.append(tag("p", "Nothing rejected, nothing noted.", class_="soft"))
        step = tag("div", str(stage["number"]), class_="step")
        items.append(tag("li", step, what, tag("div", *lines, class_="what")))
    return tag("ol", *items, class_="flow")


STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--page:#fff;--panel:#f6f7f9;--line:#dfe3e9;--grid:#e3e7ec;
--band:#e9ebef;--edge:#9aa3af;--floor:#68727f;--link:#0b5a94;--warn:#9a4a00;--in:#cfd6df;--out:#4b7ea8;--c0:#0072b2;
--c1:#d55e00;--c2:#008562;--c3:#b0468f;--c4:#8a6d00;--c5:#2a94cf;--c6:#7a4527;--c7:#4d4d4d;--o0:#7fa8c9;--o1:#8f1d21;
--o2:#d55e00;--o3:#e3b505;--o4:#8d96a3;--o5:#a8438c;--o6:#0a8f6c;--o7:#20262e}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9fabb9;--page:#12161c;--panel:#1a2028;
--line:#2d3641;--grid:#28303a;--band:#222a34;--edge:#6d7988;--floor:#98a4b3;--link:#7cc0f4;--warn:#ffb066;--in:#3a4552;
--out:#6aa3d0;--c0:#56b4e9;--c1:#ff8b52;--c2:#35c99d;--c3:#e894cb;--c4:#f0d24f;--c5:#a9b8ff;--c6:#d0a182;--c7:#d0d0d0;
--o0:#4a7396;--o1:#f0656a;--o2:#ff9a5c;--o3:#f2d03c;--o4:#8d98a6;--o5:#dd8bc6;--o6:#3ccba0;--o7:#f2f4f7}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,
"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC",sans-serif;
font-variant-numeric:tabular-nums lining-nums;overflow-wrap:anywhere}main,header,footer{max-width:76rem;margin:0 auto;
padding:0 1.5rem}header{padding-top:3rem}section{margin-top:4rem}h1{font-size:2.1rem;line-height:1.2;margin:0;
letter-spacing:-.015em;font-weight:650}h2{font-size:1.45rem;line-height:1.25;margin:0 0 .4rem;font-weight:650;
letter-spacing:-.01em}h3{font-size:1.02rem;margin:2.2rem 0 .6rem;font-weight:650}p{margin:.4rem 0;max-width:46rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}bdi{unicode-bidi:isolate}code,pre,
.ctl{font-family:ui-monospace,SFMono-Regular,Consolas,"Liberation Mono","PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC",monospace}.soft,.sub{color:var(--soft)}.sub{font-size:.8rem;line-height:1.4;display:block}
.kicker{color:var(--soft);font-size:.85rem;margin:0 0 .4rem}.totals{display:flex;flex-wrap:wrap;gap:.4rem 2rem;
margin:1.4rem 0 0;padding:0;list-style:none}.totals b{font-size:1.25rem;font-weight:600;margin-right:.35rem}
nav{margin-top:1.4rem;padding:.7rem 0;border-block:1px solid var(--line);display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;
font-size:.92rem}.chip{display:inline-block;font-size:.72rem;line-height:1.5;padding:0 .45em;
border:1px solid var(--warn);color:var(--warn);border-radius:.7em;white-space:nowrap;font-weight:500}
.ctl{font-size:.72em;padding:0 .25em;border:1px dotted var(--warn);color:var(--warn);border-radius:.2em;
white-space:nowrap;unicode-bidi:isolate}svg{display:block;overflow:visible}.defs{position:absolute}
.key{display:inline-block;vertical-align:-4px;flex:none}.hollow{fill:none;stroke:var(--floor);stroke-width:1.3}
.ring{stroke-width:1.5}.grid{stroke:var(--grid)}.band{fill:var(--band)}.edge{stroke:var(--edge)}
.plot use{stroke-linejoin:round}.plot use:not(.hollow){stroke:var(--page);stroke-width:1.2;paint-order:stroke}
.legend{margin:1.4rem 0;padding:.2rem 1.3rem;background:var(--panel);border-radius:.6rem;font-size:.92rem}
.legend ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17.5rem),1fr));gap:.7rem 1.5rem;
margin:0;padding:.9rem 0;list-style:none}.legend ul+ul{border-top:1px solid var(--line)}.legend li{display:flex;
gap:.6rem;align-items:baseline}.legend div{min-width:0}.legend .key{position:relative;top:4px}.swatch{flex:none;
width:18px;height:12px;background:var(--band);border-right:1.5px solid var(--edge)}.dots{margin-top:1.6rem}
.dots>div{display:grid;grid-template-columns:minmax(12rem,18rem) minmax(0,1fr);column-gap:1.6rem;padding-right:.8rem}
.dots .task{padding:.38rem 0;font-size:.92rem;line-height:1.35;align-self:center}.plot{position:relative}
.plot svg{position:absolute;inset:0;width:100%;height:100%}
.dots>:not(.head)+:not(.head){border-top:1px solid var(--grid)}.head{margin-top:1.5rem;
border-bottom:1px solid var(--line);font-weight:600;font-size:.92rem}.head .soft{font-weight:400}
.dots .head:first-child{margin-top:0}.axis{position:relative;color:var(--soft);font-weight:400;font-size:.75rem;
height:1.3rem;align-self:end}.axis span{position:absolute;transform:translateX(-50%)}.scroll{overflow-x:auto;
border-block:1px solid var(--line)}table{border-collapse:separate;border-spacing:0;font-size:.88rem;line-height:1.4;
min-width:100%;overflow-wrap:normal}th,td{text-align:left;vertical-align:top;padding:.42rem .6rem;font-weight:400}
thead th{color:var(--soft);font-size:.8rem;vertical-align:bottom;border-bottom:1px solid var(--line)}
thead .num{white-space:normal}.who svg{display:block;margin:0 0 .15rem auto}.who{max-width:6rem;width:max-content;
margin-left:auto;overflow-wrap:anywhere;color:var(--ink)}tbody+tbody tr:first-child>*,
.rows tr+tr>*{border-top:1px solid var(--line)}.num{text-align:right;white-space:nowrap}.group{text-align:center;
border-left:1px solid var(--line)}.metric{white-space:nowrap}.first{border-left:1px solid var(--line)}
.stick{position:sticky;left:0;background:var(--page);z-index:1;border-right:1px solid var(--line)}
.stick>div{width:13.5rem;overflow-wrap:anywhere}.headline>td{font-weight:650}.headline .sub{font-weight:400}
.best{outline:1.5px solid var(--edge);border-radius:.2em;padding:0 .3em;margin-right:-.3em}.no{color:var(--warn);
font-size:.72rem;line-height:1.25;display:block;white-space:normal;width:5.6rem;margin-left:auto;font-weight:400}
.none{color:var(--soft)}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr));
gap:1.6rem 2.5rem}.card.all{margin-bottom:2.2rem}details .cards{padding:.9rem 0 1rem}.card>b{font-weight:600;
font-size:.92rem}.bars{display:grid;grid-template-columns:minmax(6rem,9rem) minmax(0,1fr);gap:.3rem .9rem;
margin:.35rem 0 0;font-size:.84rem;line-height:1.35}.bars>div{min-width:0}.bar{width:100%;height:9px;
margin:.34rem 0 .15rem;background:var(--panel)}.rows-in{fill:var(--in)}.rows-out{fill:var(--out)}.keys{display:flex;
flex-wrap:wrap;gap:.25rem 1.2rem;padding:0;margin:.9rem 0 1.5rem;list-style:none;font-size:.85rem}
.keys svg{display:inline-block;margin-right:.4rem}.flow{list-style:none;margin:1.4rem 0 0;padding:0}
.flow>li{display:grid;grid-template-columns:2rem minmax(0,1fr) minmax(0,1.2fr);gap:0 1.2rem;position:relative;
padding-bottom:1.6rem}.flow>li:not(:last-child)::before{content:"";position:absolute;left:calc(1rem - 1px);top:2rem;
bottom:0;width:2px;background:var(--line)}.flow .step{width:2rem;height:2rem;border-radius:50%;background:var(--out);
color:var(--page);text-align:center;line-height:2rem;font-weight:600;font-size:.9rem;overflow:hidden}
.flow p{margin:.15rem 0;font-size:.86rem}.absent td,.absent th{color:var(--soft)}
details{border-top:1px solid var(--line);padding:.6rem 0}details:last-of-type{border-bottom:1px solid var(--line)}
summary{cursor:pointer}summary>*{font-weight:500}summary+.sub{margin-top:.6rem}pre{white-space:pre-wrap;
overflow-wrap:anywhere;overflow:hidden;margin:.4rem 0 1rem;padding:1rem 1.2rem;background:var(--panel);
border-radius:.5rem;font-size:.84rem;line-height:1.6;tab-size:4}dl{display:grid;grid-template-columns:minmax(8rem,
13rem) minmax(0,1fr);gap:.5rem 1.5rem;font-size:.92rem;margin:.6rem 0}dt{font-weight:600}dd{margin:0;max-width:46rem}
footer{margin-top:4rem;padding-bottom:3rem;color:var(--soft);font-size:.85rem}
@media (max-width:720px){main,header,footer{padding-inline:1rem}header{padding-top:1.8rem}section{margin-top:3rem}
h1{font-size:1.6rem}.dots>div{grid-template-columns:minmax(0,1fr);padding-inline:.6rem}.dots .task{padding:.6rem 0 0}
.head .axis{margin-top:.3rem}.stick>div{width:8.6rem}th,td{padding:.4rem .55rem}dl{grid-template-columns:minmax(0,1fr);
gap:.1rem}dd{margin-bottom:.7rem}.flow>li{grid-template-columns:2rem minmax(0,1fr)}.flow .what{grid-column:2}}
@media print{@page{size:landscape;margin:12mm}:root{color-scheme:light;font-size:11px}body{font-size:1rem}main,header,
footer{max-width:none;padding-inline:0}header{padding-top:0}nav{display:none}section{margin-top:2rem}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}.dots>div,.card,.flow>li,tbody,dt,dd{break-inside:avoid}h2,
h3,.head{break-after:avoid}.scroll{overflow:visible}th,td{padding:.2rem .4rem}.stick{position:static}
.stick>div{width:12rem}.who{max-width:5.4rem}details::details-content{content-visibility:visible;display:block}}
""" + "".join(f".{key}{i}{{fill:var(--{key}{i})}}" for key in "co" for i in range(COLOURS))
