"""Read free text (generate and qa) without what introduces, surrounds or follows it."""

from __future__ import annotations

import re

from ecominstruct.languages import has_word
from ecominstruct.rows import Gold
from ecominstruct.tasks.forms.absence import breaks_off, ends_in_none, is_open, says_nothing
from ecominstruct.tasks.forms.answer_normalization import (
    BOXED,
    OPENER,
    answered,
    closed,
    loops,
    member,
    payload,
    ruled,
    strings,
    unfenced,
    unlead,
)
from ecominstruct.tasks.forms.labels import read_choice
from ecominstruct.tasks.forms.reading import Question, Reading, copied, failed, parsed, says_none
from ecominstruct.tasks.forms.shown import is_echo
from ecominstruct.tasks.forms.wanted import Wanted, is_called, is_foreign, names_it, wanted

_OPTIONS = re.compile(
    r"(?:^|\n)[\s*#]{0,6}(?:(?:option|version|variant)\s?[1a]\b|(?:方案|版本|选项)\s?[一1A])", re.IGNORECASE
)
_ADVICE = re.compile(
    r"^\W{0,4}(?:a good [a-z ]{1,20} should|when (?:replying|writing|answering)[^\n]{0,80}(?:important|should|"
    r"make sure)|"
    r"[^.\n]{0,40}the (?:agent|seller|shop|brand|support team) should|"
    r"to (?:expand|write|create|rewrite) [^\n]{1,40}, you should|[^\n，。,]{0,14}时[，,]?(?:建议|可以?从以下|应)|"
    r"[^\n，。]{0,8}(?:一般|通常)(?:由|包含|包括))",
    re.IGNORECASE,
)
_HOW_TO = re.compile(
    "(?:写好?|撰写|一[个条段份句])?([^，。,\\n]{2,8}?)(?:时|的时候)?[，,]?(?:应该?|需要?|要|通常|一般|可以?从)(?!的)"
)
_ANALYSES = re.compile(
    r"^\W{0,4}(?:the (?:original |customer )?(?:query|message|title|review|clause|sentence|request|customer|shopper|"
    r"wording)"
    r"(?:'s|’s)? (?!for |by )[a-z]{1,14}\b|(?:[这该此][句条段则个](?:话|[^，。,\n]{0,6}?)|"
    r"“[^”\n]{1,80}”这[句个段]\w?话?|"
    r"(?:顾客|用户|买家)的(?:意图|需求|问题|诉求))(?:的?(?:问题|情感|语气|意图|主要|不足)|属于|是|存在|缺))",
    re.IGNORECASE,
)
_I = re.compile(r"(?<![\w-])(?:I|me)(?![\w-])(?!\.)|我(?!们|家|店)")
_WOULD = re.compile(
    r"(?<![a-z])(?:can|could|will|would|need|should|want|know|unable|cannot|['’](?:d|ll))(?![a-z])|(?:ca|"
    r"do)n['’]t(?![a-z])|"
    r"无法|不能|可以|需要|没有办法|再|想|动笔|模型",
    re.IGNORECASE,
)
_CANNOT = re.compile(r"(?<![a-z])(?:unable to|cannot|can['’]t)(?![a-z])|无法|没有办法|不能", re.IGNORECASE)
_COUNTED = re.compile(
    r"\s{0,3}(?:[–—-]\s?|[(（]\s?|[,，]\s?(?=[共约]))(?:[共约]|全文约?)?"
    r"[0-9]{1,4}\s?(?:characters|chars|words|个?字符?)(?: long)?\s?[)）]?\s*$",
    re.IGNORECASE,
)
_QUOTE_AHEAD = re.compile(r"[\"“]([^\"”\n]{4,400})[\"”]\s{0,3}(?:[–—(（]|-\s)")
_OF_WHAT_KIND = re.compile(r"(\W{0,3}[A-Za-z][A-Za-z ]{2,30}?) ?[(（][^()（）\n]{1,30}[)）]\s?(?=[:：])")
_OWN_HEADING = re.compile(r"(?:\*\*|#{1,4} |【)([^\n*】:：]{1,80})(?:\*\*|】)?\s{0,3}\n+(?=\S)")
_RULE = re.compile(r"\n\s{0,9}-{3,}\s{0,9}\n")
_COMMENTS = re.compile(
    r"[\s*#]{0,9}(?:why|notes?|tips?|explanation|rationale|about|how|[^\n:：*]{0,6}(?:思路|说明|解析|亮点|提示|理由|"
    r"备注|注|分析))(?![a-z])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:^|\n)[\s*#]{0,6}([^\W\d_][^\n:：0-9]{0,20}?)\s?(?:1|一|A)\s?[:：]")
_THINKS_OF_USER = re.compile(
    r"^\W{0,4}(?:ok(?:ay)?[,.]? (?:so|the (?:user|task|customer))|好的[,，]用户|用户(?:需要|要求|想让|让我)|"
    r"the user wants|we (?:need|have) to (?:write|create|generate|come up))",
    re.IGNORECASE,
)
_TO_YOU = re.compile(r"(?<![a-z])(?:you|your)(?![a-z])|您|你|请问", re.IGNORECASE)
_REQUESTS = re.compile(
    r"(?<![a-z])please (?:provide|tell me|share|send me)(?![a-z])|请(?:您)?(?:[把将][^，。,\n]{1,20})?(?:提供|告诉我|"
    r"发给我)",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"(?<![a-z])(?:I|me)(?![a-z])|我")
_PROMISES = re.compile(
    r"^\W{0,4}(?:let me (?:look|check|think)[^.\n]{0,160}(?:\.|$)\s*$|(?:great|"
    r"good) question[^.!?\n]{0,60}[.!] (?:i['’]d be|i['’]ll|let me)[^.!\n]{0,140}[.!]?$|请稍等[^\n]{0,60}$)",
    re.IGNORECASE,
)
_IS_MODEL = re.compile(r"(?<![a-z])as an ai(?![a-z])|我只?是一?[个名]?[^，。,\n]{0,6}模型", re.IGNORECASE)
_ASKED_THEN_ANSWERED = re.compile(
    r"(?:question|q|问题?)\s?[:：]\s*([^\n]{1,400})\n+\s*(?:answer|a|答案?|回答)\s?[:：]", re.IGNORECASE
)
_ITEM = re.compile(r"^\s{0,9}(?:(?:[0-9]{1,2}|[A-Ha-h])\s?[.)、．:：）]|[①-⑨])\s{0,9}(?=\S)")
_BULLET = re.compile(r"^\s{0,9}(?:[-*•]\s|#{1,4} |[0-9]{1,2}[.)、．](?![0-9]))\s{0,9}")
_LABEL = re.compile(
    r"(?:\*\*|#{1,4} |【)?([^\n:：*】]{1,40})(?:(?:\*\*|】)?\s?[:：](?:\*\*)?\s*|】\s*|\*{0,2}[ \t]{0,3}\n\s*)(?=\S)"
)
_POINTS_AT = re.compile(r"这[段条句篇份则][^\n:：。！!]{1,30}[:：]\s*(?=\S)")
_IN_SHORT = re.compile(
    r"\W{0,3}(?:tl;dr|in (?:[a-z]{1,12} ){0,2}[a-z]{3,12})[:：]\s*(?=\S)|"
    r"(?:用)?一句话(?:来)?(?:总结|概括)[:：]\s*(?=\S)",
    re.IGNORECASE,
)
_LEADS_TO = re.compile(  # a verb that needs an object before a colon or a quote
    r"[^\n:：\"“「]{1,60}?(?:(?<![a-z])(?:is|are|be|types?|search(?:es)?|reads?|writes?|use|try|suggest|recommend|propose)|"
    r"是|为|用|搜索?|这句吧?)"
    r"(?:\s?[:：]\s*(?=\S)|\s?(?=[\"“「][^\"”」\n]{1,400}[\"”」](?:试试)?[.。]?$))",
    re.IGNORECASE,
)
_SUGGESTS = re.compile(r"(?<![\w-])(?:I|you)(?![\w-])|[您我]|那就|可以|不妨|建议|推荐|会搜", re.IGNORECASE)
_BEFORE_AND_AFTER = re.compile(
    r"(?:[^\n:：]{1,20}[:：])?\s{0,3}([^\n→]{2,600}(?<![:：]))(?:\n+[^\n:：]{1,30}[:：]|\s?→)\s*(?=\S)"
)
_TAKES = re.compile(
    r"(?:(?:i'd|i would|i) (?:go with|choose|pick|recommend)|最后就?用|更推荐|最终(?:选|"
    r"用))[^\n:：]{0,60}[:：]\s*([^\n]{1,600})\s*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?<![a-z])(?:tone|wording|phrasing|characters?|word count|seo|keywords?|placeholders?)(?![a-z])|"
    r"发布前|可根据|自行|替换|风格|版本|字数|字以内|时长|语气|字符|口吻",
    re.IGNORECASE,
)
_OF_TEXT = re.compile(
    "以上|(?:这[段条个句则]|该)[^，。\\n]{0,8}(?:突出|强调|体现|保留|控制|符合|采用|使用|避免)|[^，。\\n]{0,6}[0-9]字|"
    "您看|(?:还)?需要(?:其他|别的|我|调整)"
)
_META_TAG = re.compile(r"<meta\s[^<>]{0,200}?content=[\"“]([^\"”<>]{1,600})[\"”]\s?/?>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[ \t]{0,20}\n\s*")
_PAIRS = ('""', "“”", "「」", "『』", "《》", "**", "``", "''", "__")
_QUOTES = ('""', "“”", "「」", "『』")
_LONGEST_LEAD, _LEAST_QUOTE = 80, 8  # characters
_FEW, _LEAST_FIELD = 3, 20  # sentences; characters of a line of the input

_NAMED = re.compile(r"([^\W\d][^:：,，.。\n]{0,20})[:：]\s{0,3}(?=\S)")
_SAYS_NO = re.compile(r"^\W{0,4}no(?:[.!]|,\s|\s?$)", re.IGNORECASE)
_NOT_GIVEN = re.compile(
    r"^\W{0,4}not (?:mentioned|stated|specified|given|provided|indicated|known) (?:in|by|on|here)(?![a-z])",
    re.IGNORECASE,
)
_SO_UNANSWERED = re.compile(
    r"(?:,|，|;|；)\s?(?:so|thus|hence|therefore|所以|因此)[^.。\n]{0,60}(?:can(?:no|['’])t be (?:answered|determined)|"
    r"can ?not be (?:answered|determined)|无法(?:回答|判断|确定|得知))"
)
_FINAL = re.compile(
    r"(?:(?:final|the|my|corrected|correct|revised) answer|(?:最终|正确)?(?:答案|回答))(?: is|是|"
    r"为)?\s*[:：]\s*\*{0,2}\s*",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"\W{0,3}(?:(?:based on|according to|as per) [^,:.\n]{1,40}|根据[^:：，,。\n]{1,16})[:：]\s*(?=\S)", re.IGNORECASE
)
_SIGNS_OFF = re.compile(
    r"[^.!?。！？\n]{0,24}(?:feel free to|let me know|happy to help|欢迎(?:随时)?(?:咨询|联系|提问)|随时(?:咨询|联系|"
    r"告诉)|"
    r"希望[^。！\n]{0,12}(?:帮助|有用))|(?:如需|如有|若有|如果您?还?有)(?:其他|任何|更多|疑问|问题|帮助|需要)",
    re.IGNORECASE,
)
_EVIDENCE = re.compile(
    r"(?<=\S)(?:\n\s{0,9}[\W_]{0,4}|\s?[(（])(?:(?:source|evidence|reference|quote|supporting text)|"
    r"依据|原文|出处|来源|引用|证据)[^\n:：]{0,8}[:：]",
    re.IGNORECASE,
)
_MIGHT = re.compile(r"(?<![a-z])(?:might|may|could|possibly|perhaps)(?![a-z])|可能|也许|或许", re.IGNORECASE)
_ON_THE_OTHER_HAND = re.compile(r"(?<![a-z])(?:or|but|either)(?![a-z])|但|也可能|也许|或者|或许", re.IGNORECASE)
_KNOWS_NOT = re.compile(
    r"\W{0,4}(?:i don['’]t know|i['’]m not sure|it (?:really )?depends|我?(?:不知道|不清楚|不确定)|看情况)\W{0,4}",
    re.IGNORECASE,
)
_LEFT_TO_YOU = re.compile(
    r"[^.。\n]{0,80}(?<![a-z])or(?![a-z])[^.。\n]{0,40}depending on|[^。\n]{0,20}或者?[^。\n]{0,20}都(?:可以|行|能)|"
    r"(?:some [^.\n]{1,80}(?:while|but|and) others|有的?人?说[^。\n]{1,30}有的?人?说)[^\n]{0,80}",
    re.IGNORECASE,
)
_IS_QUESTION = re.compile(
    r"[?？]|^\W{0,9}(?:wh(?:at|ich|o|ose|ere|en|y)|how|is|are|do(?:es)?|did|can|could|will|would|should|has|have)(?![a-z])|"
    "[吗呢么]|什么|哪|多少|怎|是否|能否|几|谁",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?。！？~])\s*(?=\S)|\n")


def read_generated(text: str, question: Question) -> Reading:
    """Read the requested text. A mere lead-in, a choice of several texts or a question back is unparseable."""
    asked = wanted(question.input, question.instruction)
    text = _before_next(text, question)
    if _is_echo(text, question) or (said := _written(text, question, asked)) is None:
        return failed("unparseable")
    answer = _COUNTED.sub("", closed(said) if _is_headed(said, asked) else _text(said))
    if (
        loops(answer)
        or answer.startswith('{"')
        or not has_word(answer)
        or answer.endswith((":", "："))
        or _OPTIONS.search(answer)
        or _ADVICE.match(answer)
        or is_foreign(answer, asked)
        or (asked.question and not _IS_QUESTION.search(answer))
        or (asked.line and not asked.several and _is_choice(answer))
    ):
        return failed("unparseable")
    return parsed(Gold(text=answer))


def _written(text: str, question: Question, asked: Wanted) -> str | None:
    """The paragraphs of an answer that are the text; None if all of them are about the task."""
    if tag := _META_TAG.search(text):
        return tag[1]
    if found := _ASKED_THEN_ANSWERED.match(text):
        return found[1]
    if taken := _TAKES.search(text):
        return taken[1]
    if (changed := _BEFORE_AND_AFTER.match(text)) and copied(changed[1].strip(' "“”'), question):
        return text[changed.end() :]
    text = _OF_WHAT_KIND.sub(r"\1", _cell(_unspoken(text, question)), count=1)
    if _offers_several(text, asked):
        return None
    advice = _HOW_TO.match(text)
    if _ADVICE.match(text) or (advice and is_called(advice[1], asked)) or _asks_back(text, asked):
        return None
    if text.lstrip().startswith("{") or answered(text) != text or "```" in text or ruled(text) != text:
        return text
    paragraphs = [one for one in _PARAGRAPH.split(_commented(text).strip()) if one.strip()]
    while paragraphs and (
        _is_of_task(paragraphs[0], asked) or _is_opener(paragraphs[0]) or _is_heading(paragraphs, asked)
    ):
        paragraphs.pop(0)
    while len(paragraphs) > 1 and _is_remark(paragraphs[-1], asked):
        paragraphs.pop()
    if not paragraphs:
        return None
    if quoted := _quoted(paragraphs, asked, question):
        return quoted
    return _line(paragraphs, asked)


def _line(paragraphs: list[str], asked: Wanted) -> str:
    """The text; if a single line was requested, the first paragraph after its lead-in."""
    text = _unlabelled("\n\n".join(paragraphs), asked)
    if not asked.line or asked.several:
        return text
    first, *rest = _PARAGRAPH.split(unlead(text).strip())
    if rest and ("\n" in first.strip() or first.rstrip().endswith((":", "："))):
        return text
    if "\n" in first.strip():
        return text
    first = _COUNTED.sub("", _BULLET.sub("", first, count=1))
    quote = _QUOTE_AHEAD.match(first)
    return quote[1] if quote else first


def _unlabelled(text: str, asked: Wanted) -> str:
    """Remove words at the start that only say what the text is."""
    if found := _POINTS_AT.match(text) or _IN_SHORT.match(text):
        return text[found.end() :]
    led = _LEADS_TO.match(text) if asked.line and not asked.several else None
    if led and (names_it(led.group(), asked) or _SUGGESTS.search(led.group())):
        return re.sub('(?<=["”」])(?:试试)?[.。]?$', "", text[led.end() :])
    bare = OPENER.sub("", text, count=1)
    label = _LABEL.match(bare)
    return bare[label.end() :] if label and is_called(label[1], asked) else text


def _offers_several(text: str, asked: Wanted) -> bool:
    """Whether a text numbers several versions where one was requested: "Caption 1: …", 文案一：…."""
    found = _NUMBERED.search(text)
    return found is not None and not asked.several and is_called(found[1], asked)


def _is_heading(paragraphs: list[str], asked: Wanted) -> bool:
    """Whether the first of several paragraphs only names what was requested."""
    return len(paragraphs) > 1 and "\n" not in paragraphs[0] and is_called(paragraphs[0].strip(" #*:："), asked)


def _is_opener(paragraph: str) -> bool:
    """Whether a paragraph only announces an answer: "Sure!"."""
    return OPENER.sub("", f"{paragraph.strip()} x", count=1) == "x"


def _commented(text: str) -> str:
    """Cut a text at a horizontal rule followed by comments."""
    for rule in _RULE.finditer(text):
        before = text[: rule.start()].strip()
        if before and not before.endswith((":", "：")) and _COMMENTS.match(text[rule.end() :]):
            return before
    return text


def _is_headed(text: str, asked: Wanted) -> bool:
    """Whether a text begins with a heading about its content."""
    heading = _OWN_HEADING.match(text)
    if heading is None or asked.line:
        return False
    words = heading[1].strip()
    return not (is_called(words, asked) or words in asked.instruction or unlead(f"{words}: x") == "x")


def _quoted(paragraphs: list[str], asked: Wanted, question: Question) -> str | None:
    """The only paragraph that is quoted as a whole, after at most a lead-in; if a line was requested, also in bold."""
    pairs = _PAIRS if asked.line and not asked.several else _QUOTES
    found = [at for at, one in enumerate(paragraphs) if any(_is_wrapped(one.strip(), pair) for pair in pairs)]
    if len(paragraphs) < 2 or len(found) != 1 or found[0] > 1 or copied(paragraphs[found[0]][1:-1], question):
        return None
    ahead = paragraphs[: found[0]]
    return None if any(len(one) > _LONGEST_LEAD for one in ahead) else paragraphs[found[0]]


def _is_of_task(paragraph: str, asked: Wanted) -> bool:
    """Whether a paragraph is about the task: the writer's abilities, or what is wrong with the input."""
    if paragraph.rstrip().endswith((":", "：")):
        return False
    if _THINKS_OF_USER.match(paragraph) or _IS_MODEL.search(paragraph):
        return True
    if not asked.summary and _ANALYSES.match(paragraph):
        return True
    said = [one for one in _SENTENCES.split(OPENER.sub("", paragraph)) if one.strip()]
    may = _CANNOT if asked.reply else _WOULD  # a reply may say what its writer can do
    return bool(said) and any(
        _I.search(one) and may.search(one) and names_it(one, asked) for one in (said[0], said[-1])
    )


def _is_remark(paragraph: str, asked: Wanted) -> bool:
    """Whether the last paragraph comments on the text before it: in brackets, about its tone or length, 以上…."""
    bare = paragraph.strip(" *_\n")
    if bare[:1] in "(（" and bare[-1:] in ")）":
        return True
    if _OF_TEXT.match(bare) or closed(f"x\n\n{paragraph}") == "x":
        return True
    if _ABOUT.match(bare.lstrip("—–- ")):
        return True
    return _ABOUT.search(bare) is not None and (_TO_YOU.search(bare) is not None or _I.search(bare) is not None)


def _asks_back(text: str, asked: Wanted) -> bool:
    """Whether an answer asks for details: it begins with a question to the user, and ends in one or in what the writer
    would do then.

    A requested reply to a customer may ask, and a requested question is one.
    """
    said = [one for one in _SENTENCES.split(OPENER.sub("", text.strip())) if one.strip()]
    if not said or asked.reply or not _asks(said[0]) or not any(_TO_YOU.search(one) for one in said):
        return False
    return (_asks(said[-1]) and not asked.question) or (len(said) > 1 and _SPEAKS.search(said[-1]) is not None)


def _asks(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？")) or _REQUESTS.search(sentence) is not None


def _is_choice(text: str) -> bool:
    """Whether each line of a text is a numbered alternative."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and all(_ITEM.match(line) for line in lines)


def _is_echo(text: str, question: Question) -> bool:
    """Whether each line of a text is a line of the input, or the value of one.

    A single line counts only if the input contains the instruction; otherwise it may be the answer.
    """
    asks_inside = not question.instruction and wanted(question.input).instruction
    if not asks_inside and "\n" not in text.strip():
        return False
    shown = {_plain(line) for line in question.input.split("\n")}
    shown |= {_plain(re.split("[:：]", line, maxsplit=1)[-1]) for line in question.input.split("\n")}
    lines = [_plain(line) for line in text.split("\n") if line.strip()]
    return bool(lines) and all(line in shown for line in lines)


def _plain(line: str) -> str:
    return _BULLET.sub("", line, count=1).strip(" \"'“”「」*")


def _before_next(text: str, question: Question) -> str:
    """Cut a text where it repeats the instruction, since another example starts there."""
    told = {line.strip() for line in question.input.split("\n") if len(line.strip()) > _LEAST_QUOTE}
    lines = text.split("\n")
    at = next((at for at, line in enumerate(lines) if at and line.strip() in told and wanted(line).instruction), None)
    return "\n".join(lines[:at]).strip() if at and any(line.strip() for line in lines[:at]) else text


def _text(text: str) -> str:
    """Free text without what surrounds it."""
    found = strings(payload(text))
    bare = unfenced(text).strip()
    if not found and bare.startswith("{") and (said := member(bare)):
        found = [said]
    text = found[0].strip() if found and len(found) == 1 else answered(bare)
    if boxed := BOXED.findall(text):
        text = boxed[-1]
    text = closed(unlead(closed(ruled(text)))).strip()
    text = (
        "\n".join(line.removeprefix("> ").removeprefix(">") for line in text.split("\n"))
        if text.startswith(">")
        else text
    )
    while len(text) > 1 and (pair := next((pair for pair in _PAIRS if _is_wrapped(text, pair)), None)):
        inner = text.strip("*_") if pair in ("**", "__") else text[1:-1]
        if inner.strip() == text:
            break
        text = inner.strip()
    return text


def _is_wrapped(text: str, pair: str) -> bool:
    inner = text[1:-1]
    return (
        len(text) > 1
        and text[0] == pair[0]
        and text[-1] == pair[1]
        and (pair in ("**", "__") or not (pair[0] in inner and pair[0] == pair[1]))
    )


def _short(text: str, question: Question) -> Reading:
    """Read a short answer without its final full stop; text that is in the input verbatim is not unwrapped."""
    if is_echo(text, question) or _is_field(text, question) or _is_asked_back(text, question) or breaks_off(text):
        return failed("unparseable")
    if text.strip().endswith(("?", "？")) and copied(text, question):
        return failed("unparseable")  # the question again
    if _leaves_open(text):
        return failed("unparseable")
    answer = text.strip() if copied(text, question) else _text(text)
    named = _NAMED.match(answer)
    if named and not copied(named[1], question) and copied(answer[named.end() :], question):
        answer = answer[named.end() :]
    final = list(_FINAL.finditer(answer))
    answer = answer[final[-1].end() :] if final else answer
    answer = answer.removesuffix(".").removesuffix("。").strip()
    return parsed(Gold(text=answer)) if has_word(answer) or copied(answer, question) else failed("unparseable")


def read_qa(text: str, question: Question) -> Reading:
    """Read a short answer, or a statement that the question cannot be answered from the input."""
    if question.choices:
        return read_choice(text, question)
    if _is_quote(text, question):
        return _short(text, question)
    if not copied(text, question):
        if _PROMISES.match(text):
            return failed("unparseable")
        text = _told(text, question)
    bare = closed(unlead(text))
    if _SAYS_NO.match(bare) and not is_open(bare):
        return _short(text, question)
    if says_nothing(bare, question) or says_nothing(text, question) or ends_in_none(bare, question) or is_open(bare):
        return parsed(Gold())
    if _NOT_GIVEN.match(bare) or _SO_UNANSWERED.search(bare):
        return parsed(Gold())
    return _short(text, question)


def _is_quote(text: str, question: Question) -> bool:
    """Whether an answer is nothing but quoted words of the input; then even "not mentioned" is the answer."""
    bare = text.strip().rstrip(".。")
    wrapped = any(_is_wrapped(bare, pair) for pair in _QUOTES)
    return wrapped and copied(bare[1:-1], question) and not says_none(bare[1:-1], question.none)


def _told(text: str, question: Question) -> str:
    """An answer without a repeated question, a greeting, the name of its source, and a farewell."""
    text = _cell(_unasked(_before_next(text, question), question))
    for pattern in (OPENER, OPENER, _SOURCE):
        text = pattern.sub("", text, count=1) if pattern.match(text) else text
    text = _EVIDENCE.split(text, maxsplit=1)[0]
    said = [one for one in re.split(r"(?<=[.!?。！？])(?=\s|[\u4e00-\u9fff])|(?=\n)", text) if one]
    while len(said) > 1 and (not said[-1].strip() or _SIGNS_OFF.match(said[-1].strip())):
        said.pop()
    return "".join(said).strip()


def _unasked(text: str, question: Question) -> str:
    """Remove a first line that only repeats the question."""
    first, _, rest = text.strip().partition("\n")
    words = re.sub(r"^\W*(?:question|q|问题?)\s?[:：]", "", first, flags=re.IGNORECASE).strip(" *#")
    if rest.strip() and words.endswith(("?", "？")) and copied(words, question):
        return rest.strip()
    again = re.match(r"[^\n?？]{4,300}[?？]\s*(?=\S)", text)
    return text[again.end() :] if again and copied(again.group(), question) else text


def _cell(text: str) -> str:
    """The last cell of a table with one row and at most two columns, or else the text."""
    rows = [line.strip().strip("|").split("|") for line in text.strip().split("\n") if line.strip().startswith("|")]
    if len(rows) != 3 or len(rows) != text.strip().count("\n") + 1 or len(rows[0]) > 2 or "-" not in rows[1][0]:
        return text
    return rows[2][-1].strip()


def _is_field(text: str, question: Question) -> bool:
    """Whether an answer is a line of the input including its field name, so it only repeats the task."""
    line = text.strip()
    return re.match(r"[^\n:：]{1,20}[:：]", line) is not None and line in question.input.split("\n") and len(line) > 20


def _is_asked_back(text: str, question: Question) -> bool:
    """Whether an answer begins or ends with a question to the user, or repeats the question."""
    said = [one for one in _SENTENCES.split(closed(text).strip()) if one.strip()]
    if not said or all(copied(one, question) and _asks(one) for one in said):
        return True
    if _REQUESTS.search(said[-1]) and re.search("我再|then I|so I can", said[-1]):
        return True
    asks = [one for one in said if one.rstrip().endswith(("?", "？")) and _TO_YOU.search(one)]
    return any(one in (said[0], said[-1]) or len(said) <= _FEW for one in asks) and not copied(asks[0], question)


def _leaves_open(text: str) -> bool:
    """Whether an answer says that both may be the case, or leaves the choice to the user."""
    if _LEFT_TO_YOU.match(text) or _KNOWS_NOT.fullmatch(text):
        return True
    first = _MIGHT.search(text)
    rest = text[first.end() :] if first else ""
    turn = _ON_THE_OTHER_HAND.search(rest)
    return turn is not None and _MIGHT.search(rest[turn.start() :]) is not None


def _unspoken(text: str, question: Question) -> str:
    """Remove the name of the speaker with which the input ends."""
    speaker = question.input.rstrip().rpartition("\n")[2].strip()
    return text.strip().removeprefix(speaker).strip() if speaker.endswith((":", "：")) else text
