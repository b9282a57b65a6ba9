"""The report as one self-contained page: inline style and SVG, no script, no external asset.

Names and texts are data, and are escaped when they enter an element (`markup.tag`). The same data give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ecominstruct.report import charts
from ecominstruct.report.audit_sections import health, moved, obeyed, risks, searched, tested
from ecominstruct.report.charts import best_floor, score_of, symbol
from ecominstruct.report.evidence import behind, compared, labels, paper, transfer, ways_of_asking
from ecominstruct.report.frame import whole_page
from ecominstruct.report.markup import DASH, Html, join, label, number, say, tag
from ecominstruct.report.report_data import Model, Prompt, ReportData, Source, Task
from ecominstruct.report.tuned_model import tuned

LANGS = {"en": "English", "zh": "Chinese"}
CATEGORIES = {
    "ner": "Entity recognition",
    "qa": "Question answering",
    "generation": "Generation",
    "classification": "Classification",
}
KINDS = {"floor": "trivial floors", "check": "check", "model": "models"}  # in the order of the columns
SECTIONS = {
    "glance": "At a glance",
    "scores": "Scores",
    "tuning": "How the model was tuned",
    "compared": "Models compared",
    "transfer": "What transfers",
    "ways": "Ways of asking",
    "labels": "Label by label",
    "paper": "Beside the paper",
    "outcomes": "Outcomes",
    "health": "Health of the test set",
    "risks": "The named risks",
    "personal": "Personal information",
    "injection": "Instructions to a model",
    "obeyed": "Who obeys them",
    "findings": "All findings",
    "moved": "What cleaning moved",
    "tested": "Test sets as published",
    "built": "What was built from what",
    "prompts": "Sample prompts",
    "definitions": "Definitions",
}
Numbered = tuple[int, Task]


def _section(key: str, *children: str) -> Html:
    return tag("section", tag("h2", SECTIONS[key], id=key), *children, aria_labelledby=key)


def _synthetic(yes: bool) -> Html:
    return join([Html(" "), tag("span", "synthetic", class_="chip")], "") if yes else Html("")


def _rank(names: Mapping[str, str], name: str) -> tuple[int, str]:
    return (list(names).index(name) if name in names else len(names), name)


def _grouped(tasks: Sequence[Task]) -> list[tuple[tuple[str, str], list[Numbered]]]:
    """Group tasks by category and language; each comes with its index in the list."""
    groups: dict[tuple[str, str], list[Numbered]] = {}
    for index, task in enumerate(tasks):
        groups.setdefault((task["category"], task["lang"]), []).append((index, task))
    return sorted(groups.items(), key=lambda item: (_rank(CATEGORIES, item[0][0]), _rank(LANGS, item[0][1])))


def _verdicts(data: ReportData, name: str) -> tuple[int, int]:
    """On how many tasks a model is significantly better than the best trivial baseline, and how many were tested."""
    found = [task["evidence"][name]["floor"] for task in data["tasks"] if name in task["evidence"]]
    tested = [floor for floor in found if floor]
    return sum(floor["verdict"] == "better" for floor in tested), len(tested)


def _header(data: ReportData) -> Html:
    totals = data["totals"]
    names = ("tasks", "records", "examples", "train", "validation", "test")
    counts = (totals["tasks"], totals["records"], totals["examples"])
    splits = (totals["train"], totals["validation"], totals["test"])
    items = [tag("li", tag("b", f"{n:,}"), name) for name, n in zip(names, counts + splits, strict=True)]
    parts = [
        tag("p", "E-commerce instructions: data and scores", class_="kicker"),
        tag("h1", say(data["title"])),
        tag("p", say(data["about"])) if data["about"] else Html(""),
        tag("ul", *items, class_="totals"),
    ]
    if totals["synthetic"] > 0:
        share = f" ({totals['synthetic'] / totals['examples']:.1%})" if totals["examples"] else ""
        words = f"{totals['synthetic']:,} of {totals['examples']:,} examples{share} are synthetic: made, not observed. "
        parts.append(tag("p", tag("span", "synthetic", class_="chip"), " " + words + "They carry this mark below."))
    parts.append(tag("nav", *(tag("a", name, href=f"#{key}") for key, name in SECTIONS.items()), aria_label="Contents"))
    return tag("header", join(parts))


def _legend(data: ReportData) -> Html:
    items: dict[str, list[Html]] = {"model": [], "floor": []}
    for model, mark in zip(data["models"], charts.mark_ids(data["models"]), strict=True):
        words = [tag("b", say(model["name"])), tag("span", say(model["about"]), class_="sub")]
        if model["kind"] == "model":
            above, total = _verdicts(data, model["name"])
            shown = f"shown to be better than the best floor on {above} of {total} tasks"
            words.append(tag("span", shown, class_="sub"))
        else:
            words.insert(1, tag("span", f" {model['kind']}", class_="soft"))
        items.setdefault(model["kind"], []).append(tag("li", symbol(mark), tag("div", *words)))
    words = [tag("b", "shaded"), tag("span", "up to the best floor: no skill needed", class_="sub")]
    items["floor"].append(tag("li", tag("span", class_="swatch", aria_hidden="true"), tag("div", *words)))
    return tag("div", *(tag("ul", *group) for group in items.values() if group), class_="legend")


def _axis() -> Html:
    marks = [tag("span", text, style=f"left:{x}%") for text, x in (("0", 0), (".5", 50), ("1", 100))]
    return tag("div", *marks, class_="axis", aria_hidden="true")


def _group_name(key: tuple[str, str]) -> Html:
    category, lang = key
    parts = [say(CATEGORIES.get(category, category)), tag("span", " · ", say(LANGS.get(lang, lang)), class_="soft")]
    return join(parts, "")


def _glance(data: ReportData) -> Html:
    rows = []
    for key, tasks in _grouped(data["tasks"]):
        rows.append(tag("div", tag("div", _group_name(key)), _axis(), class_="head"))
        for index, task in tasks:
            title = tag("a", say(task["title"]), href=f"#t{index}")
            words = tag("span", say(label(task["headline"])), class_="sub")
            name = tag("div", title, _synthetic(task["synthetic"]), words, class_="task")
            rows.append(tag("div", name, charts.dot_row(task, data["models"])))
    lead = "One row a task, from 0 (all wrong) to 1 (all right), on the metric named under the task. "
    more = "An answer that learned nothing already reaches the end of the shaded band; what counts lies to its right. "
    more += "Lines: 95 % intervals."
    chart = tag("div", join(rows), class_="dots") if rows else tag("p", "No tasks.", class_="soft")
    return _section("glance", tag("p", lead + more, class_="soft"), _legend(data), chart)


def _metrics_of(data: ReportData, task: Task) -> list[str]:
    """The metrics of a task: the headline, then those with a definition in their order, then the rest."""
    found = {name for scores in task["scores"].values() for name in scores if name not in ("outcomes", "cut")}
    ordered = [*(name for name in data["metrics"] if name in found), *sorted(found - set(data["metrics"]))]
    return [task["headline"], *(name for name in ordered if name != task["headline"])]


def _cell(task: Task, model: Model, metric: str, floor: float | None, edge: bool) -> Html:
    value = score_of(task, model["name"], metric)
    kind = "num first" if edge else "num"
    if value is None:
        return tag("td", DASH, class_=f"{kind} none")
    text = tag("span", number(value))
    note = Html("")
    if model["kind"] == "floor" and value == floor:
        text = tag("span", number(value), class_="best", title="the best floor")
    elif model["kind"] == "model" and floor is not None and value <= floor:
        note = tag("span", "not above floor", class_="no") if metric != task["headline"] else note
    if model["kind"] == "model" and metric == task["headline"]:
        evidence = task["evidence"].get(model["name"])
        note = behind(evidence) if evidence else note
    return tag("td", text, note, class_=kind)


def _score_rows(data: ReportData, models: Sequence[Model], index: int, task: Task) -> Html:
    facts = [f"n {task['n']:,}"]
    if task["menu"] is not None:
        facts.append(f"menu {task['menu']:.1f}".removesuffix(".0"))
    facts.append(f"chance {number(task['chance'])}")
    lines = [tag("b", say(task["title"])), _synthetic(task["synthetic"]), tag("span", " · ".join(facts), class_="sub")]
    lines.append(tag("span", say(f"{task['level']} task, {label(task['form'])}, from {task['source']}"), class_="sub"))
    if task["paper"]:
        lines.append(tag("span", "in the paper: ", say(task["paper"]), class_="sub"))
    metrics = _metrics_of(data, task)
    head = tag("th", tag("div", *lines), rowspan=len(metrics), scope="rowgroup", class_="stick", id=f"t{index}")
    edges = [i == 0 or model["kind"] != models[i - 1]["kind"] for i, model in enumerate(models)]
    rows = []
    for metric in metrics:
        floor = best_floor(task, models, metric)
        cells = [_cell(task, model, metric, floor, edge) for model, edge in zip(models, edges, strict=True)]
        name = tag("td", say(label(metric)), title=data["metrics"].get(metric), class_="metric")
        first = metric == task["headline"]
        rows.append(tag("tr", *([head] if first else []), name, *cells, class_="headline" if first else None))
    return tag("tbody", join(rows))


def _score_head(data: ReportData, models: Sequence[Model]) -> Html:
    marks = dict(zip((m["name"] for m in data["models"]), charts.mark_ids(data["models"]), strict=True))
    kinds = [model["kind"] for model in models]
    spans = [(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]
    groups = [tag("th", KINDS.get(kind, kind), colspan=n, scope="colgroup", class_="group") for kind, n in spans]
    names, last = [], ""
    for model in models:
        edge = "num first" if model["kind"] != last else "num"
        name = tag("div", symbol(marks[model["name"]]), say(model["name"]), class_="who")
        names.append(tag("th", name, scope="col", class_=edge))
        last = model["kind"]
    first = tag("th", tag("div", "Task"), rowspan=2, scope="col", class_="stick")
    top = tag("tr", first, tag("th", "Metric", rowspan=2, scope="col"), *groups)
    return tag("thead", top, tag("tr", *names))


def _scroll(table: Html, name: str) -> Html:
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=name)


def _scores(data: ReportData) -> Html:
    models = sorted(data["models"], key=lambda model: _rank(KINDS, model["kind"]))
    by_category: dict[str, list[Html]] = {}
    for (category, _), tasks in _grouped(data["tasks"]):
        bodies = by_category.setdefault(category, [])
        bodies += [_score_rows(data, models, index, task) for index, task in tasks]
    lead = (
        "The first row of a task, in bold, is the metric of the chart. Boxed: the best floor of the row. "
        "A dash: not measured. Menu: the candidates to choose from, on average; chance: the score of a blind choice."
    )
    parts = [tag("p", lead, class_="soft")]
    for category, bodies in by_category.items():
        name = CATEGORIES.get(category, category)
        table = tag("table", _score_head(data, models), join(bodies))
        parts += [tag("h3", say(name)), _scroll(table, f"Scores: {name}")]
    return _section("scores", join(parts))


def _task_outcomes(data: ReportData, task: Task) -> Html:
    """A bar for each model. Baselines and checks with equal counts, all answers parsed, share one bar."""
    rows: list[charts.Outcomes] = []
    clean: list[charts.Outcomes] = []
    for model in data["models"]:
        one = charts.outcomes_of(task, model)
        shared = model["kind"] != "model" and set(one.counts) == {"parsed"}
        (clean if shared and (not clean or one.counts == clean[0].counts) else rows).append(one)
    if clean:
        rows.append(clean[0]._replace(name=", ".join(one.name for one in clean)))
    return tag("div", tag("b", say(task["title"])), charts.outcome_bars(rows), class_="card")


def _outcomes(data: ReportData) -> Html:
    lead = "What became of each answer. An answer that cannot be read is wrong, and is counted in the scores. "
    keys = [
        tag("li", tag("svg", tag("rect", width=12, height=12, class_=f"o{i}"), width=12, height=12), label(name))
        for i, name in enumerate(charts.OUTCOMES)
    ]
    totals = [
        charts.together(model, [charts.outcomes_of(task, model) for task in data["tasks"]]) for model in data["models"]
    ]
    groups = [
        tag(
            "details",
            tag("summary", _group_name(key), f" ({len(tasks):,})"),
            tag("div", join(_task_outcomes(data, task) for _, task in tasks), class_="cards"),
            open="" if len(data["tasks"]) <= 30 else None,
        )
        for key, tasks in _grouped(data["tasks"])
    ]
    every = tag("div", tag("b", "All tasks together"), charts.outcome_bars(totals), class_="card all")
    words = lead + "What occurred is drawn at least as a sliver; the words give the exact counts."
    return _section("outcomes", tag("p", words, class_="soft"), tag("ul", *keys, class_="keys"), every, join(groups))


def _sources(sources: Sequence[Source]) -> Html:
    rows = []
    for source in sources:
        title = tag("div", tag("b", say(source["title"])), _synthetic(source["synthetic"]))
        name = tag("th", tag("div", title, tag("span", say(source["id"]), class_="sub")), scope="row", class_="stick")
        words = (LANGS.get(source["lang"], source["lang"]), source["record_type"], source["licence"])
        cells = [tag("td", say(word)) for word in (*words, source["redistribute"])]
        cells.append(tag("td", f"{source['records']:,}", class_="num"))
        cells.append(tag("td", source["state"]))
        rows.append(tag("tr", name, *cells, class_=None if source["state"] == "present" else "absent"))
    names = ("Language", "Record", "Licence", "Redistribution", "Records", "Files")
    head = [tag("th", name, scope="col", class_="num" if name == "Records" else None) for name in names]
    first = tag("th", tag("div", "Source"), scope="col", class_="stick")
    table = tag("table", tag("thead", tag("tr", first, *head)), tag("tbody", join(rows), class_="rows"))
    return _scroll(table, "Sources")


def _built(data: ReportData) -> Html:
    lead = "Every stage reads the rows of the one before. Published test rows are never dropped: what is odd is noted."
    flow, sources = charts.flow(data["stages"]), _sources(data["sources"])
    return _section("built", tag("p", lead, class_="soft"), flow, tag("h3", "Sources"), sources)


def _prompts(prompts: Sequence[Prompt]) -> Html:
    samples = []
    for prompt in prompts:
        name = tag("summary", say(prompt["task"]), tag("span", " · ", say(LANGS.get(prompt["lang"], prompt["lang"]))))
        texts = []
        for word, text in (("Prompt", prompt["prompt"]), ("Expected answer", prompt["output"])):
            # HTML parsers drop a newline right after <pre>. The bdi element between them keeps that of the text.
            pre = tag("pre", say(text, "zh" if prompt["lang"] == "zh" else None), dir="auto")
            texts += [tag("span", word, class_="sub"), pre]
        samples.append(tag("details", name, join(texts)))
    return _section("prompts", join(samples) if samples else tag("p", "No samples.", class_="soft"))


def _definitions(data: ReportData) -> Html:
    def words(pairs: Mapping[str, str]) -> Html:
        rows = [join([tag("dt", say(label(key))), tag("dd", say(text))], "") for key, text in pairs.items()]
        return tag("dl", join(rows))

    metrics = words(data["metrics"])
    return _section("definitions", tag("h3", "Metrics"), metrics, tag("h3", "Outcomes"), words(charts.OUTCOMES))


def _all_findings(count: int) -> Html:
    """A link to the page with all findings."""
    if not count:
        return tag("p", "No audit has found anything in this release, or none was made.", class_="soft")
    link = tag("a", f"{count:,} findings of all audits", href="findings.html")
    return tag("p", link, ", to be sorted and filtered; that page has a script of its own and no connection.")


def render_page(data: ReportData) -> str:
    """Render the page. The same data give the same text. The text can always be encoded as UTF-8."""
    trust = {
        "tuning": tuned(data["tuning"]),
        "compared": compared(data),
        "transfer": transfer(data),
        "ways": ways_of_asking(data),
        "labels": labels(data),
        "paper": paper(data),
    }
    scored = [_glance(data), _scores(data), *(_section(key, part) for key, part in trust.items())]
    checked = [_section("health", health(data["health"])), _section("risks", risks(data["risks"]))]
    checked.append(_section("personal", searched("pii", data["personal"])))
    checked += [
        _section("injection", searched("injection", data["injection"])),
        _section("obeyed", obeyed(data["obeyed"])),
    ]
    checked += [_section("findings", _all_findings(data["findings"])), _section("moved", moved(data["shifts"]))]
    checked += [_section("tested", tested(data["test_sets"]))]
    sections = [*scored, _outcomes(data), *checked, _built(data), _prompts(data["prompts"])]
    main = tag("main", join([*sections, _definitions(data)]))
    return whole_page(f"{data['title']} · scores", charts.shapes(), _header(data), main)
