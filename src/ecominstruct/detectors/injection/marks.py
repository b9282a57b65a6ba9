"""A detector of forged prompt structure: special tokens, headings, roles, tool calls, JSON and XML that break out.

All repetitions are bounded, so matching takes linear time. `pattern` reads folded text; `quick` is for RE2, reads raw
text, and matches wherever the pattern does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection.fold import Folded
from ecominstruct.detectors.injection.words import Kind
from ecominstruct.rows import Severity

_TOKENS = (
    r"<\|?/?(?:im_start|im_end|im_sep|endoftext|endofprompt|fim_prefix|fim_middle|fim_suffix|system|user|assistant|tool|observation|"
    r"begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|python_tag|begin▁of▁sentence|end▁of▁sentence|channel|"
    r"message|start|end|return|constrain|start_of_turn_token|end_of_turn_token|chatbot_token|user_token|system_token|pad|sep|"
    r"startoftext|beginofutterance|end_of_utterance|human|bot|[a-z]{1,12}_(?:start|end|token))\|>"
    r"|<\|(?:user|assistant|tool|begin|end|system|tool▁calls▁begin|[a-z▁]{1,24}▁[a-z▁]{1,24})\|>"
    r"|</?s>\s{0,2}(?:\[inst|<s>|\n|$|human|user|system|assistant|###)|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|<(?:bos|eos)>"
    r"|\[gmask\]|\[smask\]|<sop>|<eop>|<eod>|</?think>|<reserved_[0-9]{1,4}>|<extra_id_[0-9]{1,3}>|\[/?(?:system|sys)_?prompt\]|"
    r"\[/?available_tools\]|\[tool_calls\]|<\|?(?:begin|end)_of_(?:sentence|text|solution|thought|document)\|?>"
)
_ROLE = r"(?:system|developer|assistant|user|human|admin|administrator|root|model|系统|助手|用户|管理员|开发者|模型)"
_PART = (
    r"(?:system|developer|instructions?|response|answer|output|input|human|assistant|user|prompt|question|task|new task|context|"
    r"end of (?:input|prompt|document|data|context|text)|指令|回复|回答|响应|输入|输出|系统|用户|助手|提示词?|新?任务|问题|答案|要求)"
)
_HEADING = rf"#{{2,6}} {{0,2}}(?:{_ROLE[3:-1]}|{_PART[3:-1]})(?: (?:message|prompt|instructions?|note|override))? {{0,2}}(?:[:#]|\n|$)"
_BRACKETED = (
    rf"(?:\[{{1,2}}|【|\{{{{|<{{1,2}}|〖|《)/? ?(?:{_ROLE[3:-1]}|sys)[ _-]?"
    r"(?:message|prompt|note|override|instructions?|notice|command|alert|指令|提示词|命令|消息|override指令)?"
    r" ?(?:\]{1,2}|】|\}\}|>{1,2}|〗|》)"
)
_COMMANDS = (
    r"(?:you|your|must|ignore|output|respond|always|answer|classify|new|override|obey|assistant|model|[ (]ai|instructions?|say|"
    r"你|您|必须|忽略|输出|回答|模型|助手|指令|无视|执行|现在起|判|标)"
)
_ROLE_LINE = (
    r"(?:^|\n|[.!?。！？\"'>*】] {0,2})[ \t*]{0,4}(?:system|developer|admin|administrator|root|系统|管理员|开发者)"
    r"(?: ?(?:message|prompt|note|notice|instructions?|alert|提示|消息|指令|通知|提示词))?[\])>】*]{0,3} ?:[^\n]{0,60}?"
    + _COMMANDS
)
_SYSTEM_ORDER = (
    r"(?:system (?:prompt|override|instruction)s?|override|系统提示词|系统指令|系统命令|系统最高指令) {0,2}[:>]"
)
_THING = r"(?:system|user|prompt|instructions?|input|document|data|context|text|review|untrusted|conversation|message|query|task)"
_DATA = r"(?:用户输入|系统提示|输入|文档|数据|内容|评论|正文|提示词?|指令|对话|任务)"
_FENCE = (
    rf"(?<![-=*~#_])[-=*~#_]{{3,}}+ {{0,2}}(?:(?:end|begin|start|stop|new)(?: of)?(?: the)? {{0,2}}{_THING}(?: (?:prompt|input|data|instructions?|text|message))?"
    rf"|(?:system|user|untrusted) (?:prompt|input|data|instructions?|message)|(?:以上|以下)?(?:是|为)?{_DATA}(?:到此)?(?:结束|开始|完毕)|(?:结束|开始){_DATA}|系统提示词?)"
    r" {0,2}[-=*~#_]{3,40}"
)
_END_LINE = (
    r"(?:^|\n)[ \[(*#'\"`]{0,4}(?:end of (?:the )?(?:input|document|data|prompt|context|text|review|message|instructions)|"
    r"(?:输入|文档|数据|正文|提示|指令)(?:到此)?(?:结束|完毕))[ \])*#'\"`.。]{0,4}(?:\n|$)"
)
_XML = (
    r"</ ?(?:input|document|documents|data|context|user_input|user|instructions?|prompt|query|system|untrusted|content|message|task|"
    r"example|user_query|review|answer|output|response|command|arguments|search_results|retrieved|passage)>"
    r"|<(?:system|instructions?|prompt|command|task|important|admin|answer|user_query|assistant|developer|override)>"
    r"|\]\]>"
)
_JSON = r"[\"'] ?\}? ?[,\]]{0,2} ?\{ ?[\"'](?:role|content|system|instruction|answer|label|output|messages?|function_call|tool|tool_calls|name)[\"'] ?:|\{ ?[\"'](?:role|function_call|tool_calls?|tool|answer|instruction|system)[\"'] ?: ?[\"'{\[]"
_FUNCTION = r"</?(?:tool_call|tool_calls|function_call|function_calls|function|invoke|tool_use|tool_response|tool_result|antml:[a-z_]{1,20}|functioncall|execute|run|code_interpreter)(?:>| name=)"
_PICTURE = r"!\[[^\]\n]{0,80}\]\( ?https?://[^)\s?=&{]{1,200}[?=&{][^)\s]{0,100}\)?"
_SPEAKER = r"(?:^|[\n.!?。！？\"'>|】，, ])[ \t*]{0,4}(?:(?P<us>user|human|用户|人类|提问者)|(?:assistant|ai|bot|chatgpt|gpt|model|助手|助理|ai助手|模型|机器人))[ *]{0,2}:"
_SHOT = (
    r"(?:^|[\n.!?。！？;；>|】 ,，])[ \t*]{0,4}(?:input|q|question|review|text|sentence|query|example ?[0-9]{0,2}|输入|问|问题|评论|文本|句子|查询|示例 ?[0-9]{0,2}|例 ?[0-9]{0,2})"
    r" ?:[^\n]{1,50}?(?:\n{0,2} {0,2}|[ ?？])(?:(?:output|a|answer|label|response|sentiment|输出|答|答案|标签|回答|回复) ?:|-> ?|=> ?|→ ?)"
)
_EXAMPLES = r"(?:example|shot|示例|例子|样例) {0,2}1 {0,2}:[^\n]{1,120}?(?:example|shot|示例|例子|样例) {0,2}2 {0,2}:[^\n]{1,120}?(?:example|shot|示例|例子|样例) {0,2}3 {0,2}:"


class Mark(NamedTuple):
    """A pattern over folded text."""

    kind: Kind
    name: str
    severity: Severity
    pattern: re.Pattern[str]
    quick: str


def _mark(kind: Kind, name: str, severity: Severity, pattern: str, quick: str) -> Mark:
    return Mark(kind, name, severity, re.compile(pattern), f"(?i){quick}")


@cache
def marks() -> tuple[Mark, ...]:
    """Return the patterns of which a single match is a finding."""
    return (
        _mark("delimiter", "special_token", "high", _TOKENS, r"<[|｜]|<[^<>]{1,40}[|｜]>|</?s>|\[/?inst|<</?sys>>|_of_turn>|<(bos|eos)>|\[.mask\]|<(sop|eop|eod)>|</?think>|<reserved_|<extra_id|_?prompt\]|_tools?\]|_calls?\]|_of_(sentence|text|solution|thought|document)"),
        _mark("delimiter", "heading", "high", _HEADING, r"#{2,6} {0,2}\p{L}"),
        _mark("delimiter", "bracketed_role", "medium", _BRACKETED, r"[\[【{<〖《]/? ?(system|sys|developer|assistant|user|human|admin|root|model|系统|系統|助手|用户|用戶|管理员|管理員|开发者|開發者|模型)"),
        _mark("delimiter", "role_line", "high", _ROLE_LINE, r"(system|developer|admin|administrator|root|系统|系統|管理员|管理員|开发者|開發者)[^\n]{0,16}[:：]"),
        _mark("override", "system_order", "high", _SYSTEM_ORDER, r"(system (prompt|override|instruction)s?|override|系[统統]提示[词詞]|系[统統]指令|系[统統]命令|系[统統]最高指令) {0,2}[:：>]"),
        _mark("delimiter", "fence", "medium", _FENCE, r"[\-=*~#_－＝＊]{3}"),
        _mark("delimiter", "end_of_data", "medium", _END_LINE, r"end of (the )?(input|document|data|prompt|context|text|review|message|instructions)|([输輸]入|文[档檔]|[数數][据據]|正文|提示|指令)(到此)?([结結]束|完[毕畢])"),
        _mark("delimiter", "tag_break", "medium", _XML, r"</ ?(input|doc|data|context|user|instr|prompt|query|system|untrusted|content|message|task|example|review|answer|output|response|command|arguments|search|retrieved|passage)|<(system|instruction|prompt|command|task|important|admin|answer|user_query|assistant|developer|override)|\]\]>"),
        _mark("delimiter", "json_break", "medium", _JSON, r"\{ ?[\"'](role|content|system|instruction|answer|label|output|message|function_call|tool|name)"),
        _mark("tool_call", "function_tag", "high", _FUNCTION, r"</?(tool_|function|invoke|antml|execute|run|code_interpreter)"),
        _mark("tool_call", "picture", "medium", _PICTURE, r"!\[[^\]\n]{0,80}\]\( ?https?://"),
        _mark("fake_conversation", "numbered_examples", "medium", _EXAMPLES, r"(example|shot|示例|例子|样例|樣例) {0,2}1 {0,2}[:：]"),
    )  # fmt: skip


class Series(NamedTuple):
    """A pattern that is a finding only if it matches several times."""

    name: str
    pattern: re.Pattern[str]
    quick: str
    holds: Callable[[list[re.Match[str]]], bool]


_REACH = 400  # maximum characters between consecutive matches


@cache
def series() -> tuple[Series, ...]:
    """Return the patterns of which a single match is not a finding."""
    return (
        Series("turns", re.compile(_SPEAKER), r"(?i)(user|human|用户|用戶|人类|人類|提问者)[ *]{0,2}[:：]|(assistant|chatgpt|助手|助理)[ *]{0,2}[:：]", _both_speak),
        Series("shots", re.compile(_SHOT), r"(?i)(input|q|question|review|text|sentence|query|example ?[0-9]*|[输輸]入|[问問]|[问問][题題]|[评評][论論]|文本|句子|查[询詢]|示例 ?[0-9]*|例 ?[0-9]*) ?[:：]", lambda found: len(found) > 2),
    )  # fmt: skip


def _both_speak(found: list[re.Match[str]]) -> bool:
    return len({bool(match["us"]) for match in found}) == 2


def framing(folded: Folded) -> Iterator[Mention]:
    """Yield forged prompt structure in a text. Offsets are those of the raw text."""
    for mark in marks():
        for match in mark.pattern.finditer(folded.text):
            yield Mention(mark.kind, mark.name, mark.severity, *folded.place(*_trimmed(match)))
    for one in series():
        for group in _near(list(one.pattern.finditer(folded.text))):
            if one.holds(group):
                place = folded.place(_trimmed(group[0])[0], group[-1].end())
                yield Mention("fake_conversation", one.name, "high" if one.name == "turns" else "medium", *place)


def _trimmed(match: re.Match[str]) -> tuple[int, int]:
    """The span of a match, without the context that its pattern requires."""
    text = match.group()
    lead = len(text) - len(text.lstrip(" \t\n.!?。！？|】，,;；\"'*>")) if text[:1] not in "<[" else 0
    return match.start() + lead, max(match.start() + lead + 1, match.end() - (len(text) - len(text.rstrip("\n "))))


def _near(found: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Group matches that are close to the next one."""
    begin = 0
    for at in range(1, len(found) + 1):
        if at == len(found) or found[at].start() - found[at - 1].end() > _REACH:
            if at > begin:
                yield found[begin:at]
            begin = at
