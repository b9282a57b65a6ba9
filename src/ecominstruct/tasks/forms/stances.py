"""Decide what an answer says of each label it names: commits to it, denies it, hedges, or merely mentions it.

Sentences are read from left to right. Negations ("not", "rather than", 而不是) apply to the labels after them, up to a
contrast ("but", 而是) or a comma that begins another clause; some follow the label ("Food: no", 与价格无关). A label is
hedged near "might", "either" or "or", in a question or in a condition. It is mentioned if it is conceded ("although it
ends in a question, …") or attributed to others. Otherwise the answer commits to it. The level of a commitment says how
much it looks like an answer: after "Answer:" or alone at the start of a sentence, after "is" or 属于, after a subject,
or anywhere else. Text that the writer retracts ("wait, no", 更正) does not count.

Texts must be normalised by `naming.normal`. All patterns match in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from ecominstruct.tasks.forms.answer_normalization import BULLET, last_match
from ecominstruct.tasks.forms.naming import Mention, Menu

_BEFORE_SLOT = 12  # characters
_SLOTS, _LINE = 8, 600  # announcements of an answer that are read, and characters after each
_LONGEST_BETWEEN = 40  # characters between two items of a list
_LONGEST_FOREIGN = 24  # characters of a list item that may be no label
_NEAR = 120  # characters beside a label that decide its stance
HEAD, FRAME, SUBJECT, ANYWHERE = 4, 3, 2, 1  # levels of a commitment: how much it looks like an answer
_FEW_WORDS, _FEW_CHARACTERS = 2, 5  # beside a label: an answer that is hardly more than the label


class Stance(NamedTuple):
    """What is said of a label at one place."""

    label: str
    said: str  # commits, denies, hedges, mentions
    level: int = 0
    place: int = 0
    sentence: int = 0


class Verdict(NamedTuple):
    """The labels an answer commits to, and whether it names several where one was requested."""

    labels: frozenset[str]
    ambiguous: bool = False


NOTHING, SEVERAL = Verdict(frozenset()), Verdict(frozenset(), ambiguous=True)

_SENTENCE = re.compile(r"[^.。!！?？\n;；|｜]+(?:\.(?=[a-z0-9])[^.。!！?？\n;；|｜]*)*[.。!！?？;；|｜]?")
_POINT = re.compile(r"(^\W{0,4}(?:[a-z]|[0-9]{1,2}))\.(?=\s)", re.MULTILINE)
_CORRECTION = re.compile(
    r"(?<![a-z])(?:wait|oh wait|actually|scratch that|correction|corrected|i misread|my mistake|on second thought|"
    r"on reflection"
    r"|let me correct|sorry|hmm,? no|no,? (?=wait|sorry)|oops|i take that back)(?![a-z])"
    r"|更正|等等|哦不|不对|纠正|改[为成]|再想想|抱歉[,，]|应该改|重新考虑|说错了|有误"
)
_TAKEN_BACK = re.compile(r"(?<![a-z])(?:wait|no|actually)(?=[,.!])|更正|不对|等等")
_WAVERS = 3  # retractions from which a text counts as undecided
UNDECIDED = re.compile(
    r"back and forth|cannot decide|can't decide|can not decide|no way of (?:telling|knowing)|not sure|unsure|"
    r"hard to (?:say|tell)|impossible to"
    r"|unable to (?:determine|decide|say)|can(?:not|'t) (?:be determined|determine|tell|say)|"
    r"undecided|no idea|i don't know"
    r"|无法(?:判断|确定|确认|给出|分类)|不能(?:判断|确定)|难以(?:判断|确定|界定)|拿不准|得看|"
    r"要看|看情况|视情况|看您|看买家|不好说|说不准|各占|不确定|两者(?:都|皆)(?:可|有可能)"
)
_CHOSEN_ANYWAY = re.compile(
    r"if i (?:had|have|must) to|if forced|i'd (?:go|pick|choose|lean)|i would (?:go|pick|choose|"
    r"lean)|going with|my best guess"
    r"|非要|如果(?:必须|一定要|硬要)|硬要|更倾向|倾向于|最终"
)
_SLOT = re.compile(
    r"(?:final (?:answer|label|choice|decision|category|classification|verdict|grade|order)|"
    r"the correct (?:answer|label|category|option)"
    r"|(?<![a-z])(?:answer|label|category|classification|verdict|prediction|predicted (?:rating|"
    r"label|class)|rating|grade|score|main|primary"
    r"|conclusion|decision|status|sentiment|intent|choice|class|department|topic|aspect|relevance|"
    r"relation|output|result|response)"
    r"|最终(?:答案|结果|结论|选择|分类|标签)|正确答案|答案|结论|结果|类别|分类|标签|情感(?:倾向|"
    r"极性)?|(?<!次要)意图|主要意图|评分|星级|类目|判断|等级|相关性|方面)"
    r"(?:\s?(?:\*\*|\"|'|”|」))?\s?(?:is|are|would be|should be|should therefore be|is therefore|was|应该是|应为|"
    r"应该为|是|为|"
    r"[:=：】])[\s:：*\"'“「『【《(（`]*(?:a |an |the |肯定的，)?"
)
_REVISED = re.compile("修正|更正|调整|corrected|revised|updated")
_BOXED = re.compile(r"boxed\{+\s?((?:\\?[a-z]*\{)?[^{}]{1,300})\}")
_NEG = re.compile(
    r"(?<![a-z])(?:not(?! only a)|never|neither|nor|without|rather than|as opposed to|"
    r"instead of|other than|anything but|except(?: for)?|unlike|far from|than (?=(?:a |an |the )?$)"
    r"|cannot|(?:is|are|was|were|do|does|did|has|have|had|would|should|could|wo|ca)n't|isnt|"
    r"doesnt|dont|nothing|none of|no|excluding|excludes?|free (?:of|from)|lack(?:s|ing)?|"
    r"no mention of|absence of|reject(?:s|ed)?|rul(?:e|es|ed|ing) out|not just)(?![a-z])"
    r"|而不是|而非|不是|并非|并不是|并不|不属于|谈不上|算不上|称不上|与其说是?|不包括|不能(?:算|"
    r"因)|不算|不应|不该|不选|不要|不推荐|排除|没有|未|不存在|不含|不涉及|没|"
    r"不仅仅?是(?=[^。]{0,30}$)|不只是(?=[^。]{0,30}而是)|非(?!常)|不(?!如|仅|但|过|错|管|论|"
    r"只)|無"
)
_CONTRAST = re.compile(
    r"(?<![a-z])(?:but|yet|instead(?! of)|it's|it is|so|hence|therefore|thus|only)(?![a-z])|"
    r"而是|不如说|但(?:是)?|却|应(?:该)?(?:为|是)|属于|所以|因此|因而|而(?![且非不])"
)
_HEDGE = re.compile(
    r"(?<![a-z])(?:might|may|could|possibly|perhaps|maybe|either|unsure|uncertain|unclear|"
    r"whether|depends|potentially|arguably|probably not|if not(?=,))(?![a-z])"
    r"|choose from|select from|pick one|请选|请从|不然|(?<!最)可能(?!性最)|也许|或许|的话|否则|"
    r"若(?!干)|otherwise|或者|或是|(?<!所以)(?<!我)(?<!，)(?<!,)还是(?!选|推荐|建议|定|判)|不确定|是否|如果|取决|"
    r"要么|似乎也|介于|之间"
)
_CAN = re.compile(
    r"(?:can|could|may|might|可)(?: also)? (?:be )?(?:classified|labell?ed|categori[sz]ed|"
    r"described|regarded|considered|seen|treated|rated|summari[sz]ed) as|可以?(?:归类|分类|判断|"
    r"归|判定|视)为"
)
_CONCEDES = re.compile(
    r"^\W*(?:and |but )?(?:while|although|though|even though|even if|despite|in spite of|"
    r"whereas|if|since some|some|others|one could|one might|you could|people|someone|"
    r"it (?:opens|starts|begins|looks|seems|may seem)|at first)(?![a-z])"
    r"|^\W*(?:虽然|尽管|虽|即使|既然|有人|如果|若|乍看|看似|表面)"
)
_BEHIND_NO = re.compile(
    r"^[\s\"'”’」』》】*`)）\]]*+(?:(?:[:：=\-–—>?？(（,，|]|\.\.\.)\s*+|是否|的)*+[\s*\"'“]*+"
    r"(?:no(?![a-z])|not(?![a-z])|none|n/?a(?![a-z])|false|absent|0(?![0-9.])|null|ruled out|"
    r"is (?:out|too|wrong|excluded|not)|isn't|doesn't|does not|do not|don't|are not|aren't|"
    r"was not|wasn't|can be (?:ruled|excluded)"
    r"|(?:肯定|显然|明显|也|都|均|完全|基本|当然|绝对)?(?:否|无(?!疑)|無|没|未|谈不上|算不上|不能(?!排除)|不(?!错|"
    r"仅|过|但|同|能|可))"
    r"|并不|並不|無關|无关|均?可?排除|[✗✘✖×❌☐])"
)
_BEHIND_OUT = re.compile(
    r"^[^,，.。;；:：\n]{0,24}?(?:排除|出局|淘汰|不考虑|无关|無關|不符|不适用|不适合|不合适|不成立|被否|"
    r"ruled out|(?:do|does)(?: not|n't) (?:fit|apply)"
    r"|not (?:fit|apply|relevant|mentioned|discussed|addressed|applicable|touched))"
)
_BEHIND_YES = re.compile(
    r"^[\s\"'”’」』》】*`)）\]]*(?:(?:[:：=\-–—>?？(（,，|])\s*)+[\s*\"'“]*"
    r"(?:yes(?![a-z])|true|present|是|有|对|符合|[✓✔√☑✅]|1(?![0-9.]))"
)
_OF_NEXT = re.compile(r"[\"'”’」』*]*[,，]\s?(?:但是?|but )?(?:not|no|without|没有?|未|不)[^,，;；:：/\n]{1,10}")
_VALUE = re.compile(r"^[\s\"'”’」』》】*`]*(?:[:：=]|\s[-–—]\s)\s*(?=\S)")
_VALUE_OR_MARK = re.compile(
    r"^[\s\"'”’」』》】*`)）\]]*(?:[:：=?？(（|✗✘✖×❌☐]|\s?[-–—]|→|->|不(?:涉及|需要)|未|无|没有)"
)
_JOINS = re.compile(r"(?<![a-z])and(?![a-z])|the |和|与|以及|及|还有|类|方面")
_REASON = re.compile(
    r"[,，(（]|\s[-–—]\s|(?<![a-z])(?:because|since|rather than|not|as|with)(?![a-z])|因为|而不是|而非|,不"
)
_BOX = re.compile(r"\[\s?[x✓✔√]?\]|[☐☑✅❌✗✘✖]")
_TICK = re.compile(r"(?:\[[x✓✔√]\]|[✓✔√☑✅])\s*$")
_CROSS = re.compile(r"(?:\[\s?\]|[☐✗✘✖×❌])\s*$")
_FILLER = (
    r"[\s\"'“‘「『《【*`(（\[]*(?:(?:the|an?|more|most|very|rather|slightly|clearly|definitely|"
    r"most likely|likely|overall|mostly|simply|really|still|一个|一种|一条|典型的|明显的?|明确|"
    r"[a-z]{1,12}ly|customer|shopper|product|category|class|"
    r"label)[\s\"'“‘「『《【*`(（\[]*){0,3}$"
)
_FRAME = re.compile(
    r"(?:(?<![a-z])(?:is|are|was|be|as|into|about|choose|choosing|chose|select|"
    r"selected|pick|picked|say|says|mentions?|count|constrains?|"
    r"concerns?|discusses|covers?|expresses|rated?|gave|give|call|recommend|suggest|propose|"
    r"leaves|means|so|hence|thus|therefore|predict|guess|namely|i'd say|only|just|likes?|"
    r"contains?|has|lean|leaning|tick|wants?(?: to)?|would like(?: to)?|need(?:s|ed)?(?: to)?|got|received|requests?|"
    r"(?:fall|belong|go|goes|fit|put|sort|file|class|categor|assign|point|lean|amount|come|relat|refer|look|label|"
    r"tag|opt|settl|ask|plac|is|are|was|be|praise)[a-z]{0,8}(?: [\w'-]{1,20}){0,4}? "
    r"(?:in|to|under|with|for|on|towards?|of)|(?:rating|score|label|grade|category|verdict|class) of)(?![a-z])"
    r"|(?<=[a-z])'s(?![a-z])|(?<![a-z])(?:but|rather|instead|downright)(?![a-z])|[:=>→\-]"
    r"|而是|则是|还是|责任在|取|勾选?|判给|改成|改为|合适的?是|归"
    r"|是|为|属于|归为|归入|归到|归类为|分类为|分到|归于|选|选择|判断为|判定为|标为|标记为|判为|"
    r"应为|算|关于|涉及到?|提到了?|谈到了?|谈论|给|打|定|走|首选|推荐|偏向|倾向于?|对应意图|对应|即|有|"
    r"针对的?是|含有|包括|包含|涉嫌|在说|主打|适合|处于|夸了?)" + _FILLER
)
_POLAR = frozenset(("能", "不能", "可以", "不可以", "会", "不会", "是", "否", "有", "没有", "支持", "不支持"))
_SUBJECT = re.compile(
    r"(?<![a-z])(?:they|these|those|both|it|that|this|he|she|review(?:er)?s?|customers?|users?|shoppers?|buyers?|"
    r"quer(?:y|ies)|titles?|items?|products?|offers?|listings?|premise|hypothesis|texts?|messages?|tickets?|"
    r"complaints?|"
    r"sentences?|comments?|writer|seller)(?:'s)?(?: [\w'-]{1,20}){0,5}[\s\"'*]*$"
    r"|(?:评论|用户|买家|顾客|客户|商品|说明|详情|这款|该|二者|两者|标题|这句话|他|她|它|这条|尺码|整体|直接|又|品类)"
    r"[^,，。:：]{0,12}$"
)
_DECIDES = re.compile(
    r"(?<![a-z])(?:i'd|i would|i will|i'll|we'd|let's|i|i'm|i am)(?: [a-z]{1,12}){0,2}? (?:label|call|class|"
    r"classify|rate|choose|"
    r"choosing|pick|say|tag|mark|flag|answer|file|put|go(?:ing)? (?:with|for)|"
    r"take|buy|order|recommend|suggest|opt for|settle (?:on|for))"
    r"(?: [\w'-]{1,15}){0,3}?(?: (?:as|to be|is|under|in))?[\s\"'*:]{1,3}(?:an? |the )?$"
    r"|(?:hence|so|therefore|thus)[\s:,]{1,3}$"
)
_PREDICATED = re.compile(
    r"^[\s\"'”’」』》】*`)）\]]*(?:it is|is|are|would be|seems|applies|apply|fits|wins|suits|too)(?![a-z])"
    r"(?! (?:not|unlikely|too|out|wrong|less|never|only|no)(?![a-z]))|^[\s\"'”’」』》】*`)）\]]*(?:是|也|可以|最|"
    r"更|应该|"
    r"肯定)(?!不|没|无)"
)
_OPEN = re.compile(
    r"^[\s\"'“‘「『《【*`(（\[#>\-•·]*(?:(?:[0-9]{1,2}|[a-z])[.)、．:：][\s*\"'“]*)?(?:(?:the|a|"
    r"an|just|only|yes|sure|ok|okay|unfortunately|clearly|both|description|option|title|review|product|result|"
    r"candidate|answer|choice|number|probably|most likely|likely|选项?|"
    r"so|hence|therefore|thus|overall|conclusion|结论|好的|所以|"
    r"因此|综上|综上所述|总之|主要(?:是)?|最终)[\s,，:：!！.*\"'“「【]*){0,2}$"
)
_CLOSE = re.compile(
    r"^[\s\"'”’」』》】*`)）\]]*(?:(?:category|class|label|sentiment|review|products?|items?|"
    r"questions?|request|stars?|points?|priority|one|星|分|类别|类目|类|的?商品|类商品|问题|方面|意图|评价|情感|级别|"
    r"的)[\s\"'”’」』》】*`)）\]]*)?(?:$|it is(?![a-z])|[.。,，;；:：!！\n(（\-–—?？]|because|"
    r"since|as(?![a-z])|因为|由于)"
)
_LISTED = re.compile(
    r"^[\s\"'“”‘’「」『』《》【】*`()（）\[\]]*(?:[,，、/&+;；]|and|or|nor|as well as|和|与|及|"
    r"以及|或|或者|还是|也不是|還有|还有)?[\s\"'“”‘’「」『』《》【】*`,，]*(?:and|or|the|a|an|"
    r"also|和|与|或|也)?[\s\"'“”‘’「」『』《》【】*`]*(?:the |a |an )?$"
)
_ADDS = re.compile(  # separators after which a list goes on
    r"[\u4e00-\u9fff]{1,4}[、和与及]|,? and (?:a )?(?:hint|touch|bit|trace) of |"
    r"[\w ]{0,8}[,，]\s?(?:and )?(?:also|同时|并且|而且|另外|也|还)(?:也|还|带有?|有|很|比较|较|提到了?|涉及了?| has|"
    r" is)*\W*"
)
_RANGE = re.compile(r"^\s*(?:to|~|到|至|through|-)\s*$")
_GOES_ON = re.compile(r"^\s?(?:>|/|、|&)\s?[^\W\d_]")  # with something that is not a label
_BRACKETED = re.compile(r"[(（][^()（）]{0,80}[)）]")
_VALUE_AT_END = re.compile(r"[:：][\s\"'“*「【(]*$")
_COUNTS = re.compile(  # what a number counts
    r"\s?(?:cm|mm|kg|km|ml|mah|gb|w|l|m|g|results?|of (?:them|these|the)|years?|months?|days?|weeks?|hours?|times|"
    r"pairs?|pieces?|"
    r"people|items|options|products|reviews|steps|reasons|aspects|things|criteria|conditions)(?![a-z])"
    r"|\s?[个年天月次人件岁元倍周种位升](?!最|更|是)"
)
_IF_ONE = re.compile(
    r"(?<![a-z])if (?:i|we) (?:had|have|must|were|am)[^,.:，]{0,40}[,:]|if (?:pressed|forced|"
    r"only one)[^,.:，]{0,40}[,:]"
    r"|如果(?:只能|一定|必须|非要|硬要|要我)[^，,。]{0,14}[，,]"
)
_LEAVES = re.compile(r"(?<![a-z])(?:leav(?:e|ing)|left|keep|kept|rul(?:e|ed|ing))\W*$")
_HALF = re.compile(r"^\s(?:and a half|半)|^半")
_HYPOTHETIC = re.compile(r"^[\s-][a-z-]{1,20}(?: [a-z]{1,20}){0,2} would(?![a-z])")
_DENIED_HEADING = re.compile(  # "Not needed: A, B", 未涉及：甲、乙
    r"[\W_]*(?:not|non|no|un|不|未|没有?|无)(?! doubt|疑)[^,，.。:：\n]{0,20}[:：][\s\"'“*]*"
)
_ID_AND_MORE = re.compile(r"^([a-z0-9]{1,2})\.\s(?=\S{1,40}\s\S{1,40}\s\S)")  # followed by a sentence, not a label
_CONDITION = re.compile(r"\W*(?:and |but )?(?:if|when|unless)(?![a-z])|\W*(?:如果|若|假如)")
_CLAUSE = re.compile(r"[,，:：]|(?<![a-z])(?:because|since)(?![a-z])|因为|由于")
_OR = re.compile(r"(?<![a-z])or(?![a-z])|或|还是")
_CONCLUDES = re.compile(
    r"^\W*(?:so|hence|therefore|thus|overall|in conclusion|in short|conclusion|the right|"
    r"that leaves|因此|所以|综上|总之|总体|整体|最终)"
)
_QUOTED = re.compile(r"[\"“「『]([^\"”」』\n]{6,2000})[\"”」』]")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text with their end marks. "1." and "b." at the start of a line do not end one."""
    text = _IF_ONE.sub(" ", _POINT.sub(r"\1) ", text))
    return (found.group() for found in _SENTENCE.finditer(text))


def unechoed(text: str, shown: str, menu: Menu) -> str:
    """Remove what only repeats the input: quotes, and whole sentences that are not labels."""
    text = _QUOTED.sub(lambda found: " " if found[1].strip() in shown and not menu.whole(found[1]) else found[0], text)
    said = list(sentences(text))
    kept = []
    for sentence in said:
        bare = sentence.strip(" \t\n.。!！?？;；>\"'")
        if len(bare) < 12 or bare not in shown or menu.whole(bare):
            kept.append(sentence)
    return text if len(kept) == len(said) else "\n".join(kept)


def verdict(text: str, menu: Menu, shown: str, *, many: bool) -> Verdict:
    """The labels that a text commits to. `shown`: the normalised input."""
    if found := _of_line(text, menu, many=many):
        return found
    if first := _continued(text, menu, shown):
        return Verdict(frozenset((first,)))
    boxed = _BOXED.findall(text)
    if boxed and (found := _of_line(boxed[-1].rpartition("{")[2], menu, many=many)):
        return found
    marked = polar(text, menu, many=many)
    if marked is not None:
        return marked
    text = unechoed(text, shown, menu)
    if len(_TAKEN_BACK.findall(text)) >= _WAVERS:
        return NOTHING
    before, after = _uncorrected(text)
    if after:
        found = _judged(after, menu, many=many)
        if found.labels or found.ambiguous:
            return found
    return _judged(before + after, menu, many=many)


def _continued(text: str, menu: Menu, shown: str) -> str | None:
    """The label in the first paragraph, if the next ones begin another example. Models without instruction tuning may
    continue the prompt like that.
    """
    line, _, more = text.partition("\n")
    field = re.match(r"[^:\n]{1,30}:", more)
    if field and field.group() in shown and (label := menu.whole(line)):
        return label
    first, *rest = [one for one in re.split(r"\n\s*\n", text) if one.strip()] or [""]
    label = menu.whole(first)
    if (
        label
        and rest
        and re.match(r"\W*[^\W\d][^:：\n]{0,30}[:：]", rest[0])
        and not _CORRECTION.search(rest[0])
        and not _SLOT.match(rest[0])
    ):
        return label
    return None


def _uncorrected(text: str) -> tuple[str, str]:
    """Split a text after its last retraction."""
    last = last_match(_CORRECTION, text)
    return (text[: last.start()], text[last.end() :]) if last and last.start() else (text, "")


def _of_line(line: str, menu: Menu, *, many: bool) -> Verdict | None:
    """The labels named by a line that contains nothing but an answer."""
    whole = menu.whole(line)
    if whole:
        return Verdict(frozenset((whole,)))
    if head := _head_of_path(line, menu):
        return Verdict(frozenset((head,)))
    labels = frozenset(listed(line, menu))
    if not labels and many:
        labels = frozenset(_among(line, menu))
    if not labels:
        return None
    return Verdict(labels) if many or len(labels) == 1 else SEVERAL


def _head_of_path(line: str, menu: Menu) -> str | None:
    """The label that is the first level of a path whose other levels are not labels."""
    head, *rest = line.split(">")
    if not rest or len(rest) > 3 or not head.strip() or any(not one.strip() or menu.mentions(one) for one in rest):
        return None
    return menu.whole(head)


def _among(text: str, menu: Menu) -> list[str]:
    """The labels of a list that also contains other short items."""
    pieces = [one for one in re.split(r"[,，、;；]|(?<![a-z])and(?![a-z])", text) if one.strip()]
    if re.search(r"[.。!！?？:：\n{}\\]", text.strip().rstrip(".。")):
        return []
    if (
        len(pieces) < 2
        or any(len(one) > _LONGEST_FOREIGN for one in pieces)
        or _HEDGE.search(text)
        or _NEG.search(text)
    ):
        return []
    named = {one: menu.whole(one) for one in pieces}
    if any(label is None and menu.mentions(one) for one, label in named.items()):
        return []
    return [label for label in named.values() if label]


def listed(text: str, menu: Menu) -> list[str]:
    """The labels, in order, of a text that is nothing but a list of them; ids may stand for labels."""
    if _BOX.search(text):
        return []
    pieces = [
        piece
        for piece in re.split(r"[,，、;；/\n|&+]|(?<![a-z])and(?![a-z])|和|与|以及|及", text)
        if piece.strip(" \t\"'*`-.。[](){}")
    ]
    found = [menu.whole(piece) for piece in pieces]
    if found and None not in found:
        return [one for one in found if one]
    joined = re.fullmatch(r"\W*([a-z]{2,12})\W*", text)
    if joined and all(char in menu.ids for char in joined[1]) and len(set(joined[1])) == len(joined[1]):
        return [menu.ids[char] for char in joined[1]]
    named = menu.mentions(text)
    left = _JOINS.sub("", "".join(_between(text, named)))
    return [mention.label for mention in named] if named and not re.search(r"[^\W_]|[?？]", left) else []


def polar(text: str, menu: Menu, *, many: bool) -> Verdict | None:
    """The labels marked as right, if several carry a mark each: yes and no, ticks, scores."""
    named = menu.mentions(text)
    if len({mention.label for mention in named}) < 2:
        return None
    ahead = bool(_TICK.search(text[: named[0].start][-8:]) or _CROSS.search(text[: named[0].start][-8:]))
    marked: dict[str, bool] = {}
    scores: dict[str, float] = {}
    ends = [mention.start for mention in named[1:]] + [len(text)]
    starts = [0] + [mention.end for mention in named[:-1]]
    for mention, start, end in zip(named, starts, ends, strict=True):
        left = text[start : mention.start]
        right = text[mention.end : min(end, mention.end + _NEAR)].partition("\n")[0]
        ticked, crossed = _TICK.search(left[-8:]), _CROSS.search(left[-8:])
        if ahead and not (ticked or crossed):
            continue
        if ticked if ahead else _BEHIND_YES.match(right):
            marked.setdefault(mention.label, True)
        elif crossed if ahead else _BEHIND_NO.match(right) and _VALUE_OR_MARK.match(right):
            marked.setdefault(mention.label, False)
        elif many and _VALUE.match(right):
            marked.setdefault(mention.label, True)
        if score := re.match(r"[\s\"'*`:：=(（\-–]{1,6}([0-9]{1,3}(?:\.[0-9]+)?)\s?(%|/[0-9]+)?(?![0-9a-z])", right):
            scores.setdefault(mention.label, float(score[1]))
    labels = {mention.label for mention in named}
    if len(scores) == len(labels) >= 2:
        best = max(scores.values())
        least = 0.5 if best <= 1 else 0.01
        top = {label for label, score in scores.items() if (score >= least if many else score == best)}
        return Verdict(frozenset(top)) if many or len(top) == 1 else SEVERAL
    explicit = [label for label, yes in marked.items() if not yes]
    if len(marked) < 2 or not explicit or len(marked) < len(labels):
        return None
    right_ones = frozenset(label for label, yes in marked.items() if yes)
    if many:
        return Verdict(right_ones)
    return Verdict(right_ones, len(right_ones) > 1) if right_ones else None


def _judged(text: str, menu: Menu, *, many: bool) -> Verdict:
    slots = _slots(text, menu, many=many)
    if slots is not None:
        return slots
    said = stances(text, menu, many=many)
    if not _is_hardly_more(text, menu):
        said = [one for one in said if one.said != "commits" or one.level > ANYWHERE]
    return _of_many(said) if many else _of_one(text, said, menu)


def stances(text: str, menu: Menu, *, many: bool = True) -> list[Stance]:
    """What a text says of each label that it names, place by place."""
    found: list[Stance] = []
    goes_on = False
    for number, sentence in enumerate(_with_answers(text)):
        said = [stance._replace(sentence=number) for stance in _stances(sentence, menu, many=many)]
        if goes_on and found and said and listed(sentence.rstrip(";；"), menu):  # the list of the sentence before
            said = [stance._replace(said=found[-1].said, level=found[-1].level) for stance in said]
        found += said
        goes_on = sentence.rstrip().endswith((";", "；"))
    return found


def _slots(text: str, menu: Menu, *, many: bool) -> Verdict | None:
    """The labels where an answer is announced: of several announcements the last final one, or all if they agree."""
    found: list[tuple[bool, Verdict]] = []
    for slot in list(_SLOT.finditer(text))[-_SLOTS:]:
        line = text[slot.end() : slot.end() + _LINE].partition("\n")[0]
        if many and len(below := _list_at(text[slot.end() : slot.end() + _LINE], menu)) > 1:
            found.append((False, Verdict(frozenset(below))))
            continue
        if not line.strip():
            line = text[slot.end() : slot.end() + _LINE].lstrip().partition("\n")[0]
        said = _answer_of(line, menu, many=many)
        if said is not None:
            before = text[max(0, slot.start() - _BEFORE_SLOT) : slot.start()].rpartition("\n")[2]
            final = re.match("final|最终|the correct|conclusion|结论|主要", slot.group()) or _REVISED.search(before)
            found.append((final is not None, said))
    finals = [said for final, said in found if final] or [said for _, said in found]
    if not finals:
        return None
    if len(set(finals)) > 1 and not many:
        return SEVERAL
    return finals[-1]


def _list_at(text: str, menu: Menu) -> list[str]:
    """The labels of a list at the start of a text, one item a line; other items are ignored."""
    items = list(takewhile(BULLET.match, text.lstrip("\n*").split("\n")))
    named = [menu.whole(BULLET.sub("", one, count=1)) for one in items] if len(items) > 1 else []
    return [one for one in named if one]


def _answer_of(line: str, menu: Menu, *, many: bool) -> Verdict | None:
    """The labels named at the start of a line: by the line, its first sentence, or the part before an explanation."""
    heads = [line, *islice(sentences(line), 1)]
    heads.append(_REASON.split(heads[-1], maxsplit=1)[0])
    heads += _ID_AND_MORE.findall(line)
    for head in heads:
        if _NEG.match(head.strip(" *\"'")) and not menu.whole(head):
            return None
        if found := _of_line(head, menu, many=many):
            return found
    return None


def _with_answers(text: str) -> Iterator[str]:
    """Sentences; a question is joined with the yes or no that answers it."""
    waiting = ""
    for sentence in sentences(text):
        if waiting and re.match(
            r"^\W*(?:absolutely |certainly |definitely )?(?:yes|no|not|是|否|不)(?![a-z])", sentence
        ):
            yield waiting + sentence
            waiting = ""
            continue
        if waiting:
            yield waiting
        waiting = ""
        if sentence.rstrip().endswith(("?", "？")):
            waiting = sentence
        else:
            yield sentence
    if waiting:
        yield waiting


def _stances(sentence: str, menu: Menu, *, many: bool) -> Iterator[Stance]:
    """What a sentence says of each label that it names."""
    named = _named(sentence, menu)
    if not named:
        return
    asked = re.search(r"[?？]", sentence)
    at, denying, hedging, before = 0, False, False, 0
    for number, mention in enumerate(named):
        left = sentence[at : mention.start]
        following = named[number + 1].start if number + 1 < len(named) else len(sentence)
        right = sentence[mention.end : min(following, mention.end + _NEAR)]
        joined = at > 0 and bool(_is_listed(left) or _RANGE.match(left) or (many and _ADDS.fullmatch(left)))
        if not joined:
            denying = _denies(left)
            hedging = False
        elif denying and _CONTRAST.search(left):
            denying = False
        if not many and joined and not denying and _RANGE.match(left):
            hedging = True
        doubted = _CAN.sub(" as", sentence[max(0, at - 1) : mention.start] if not joined else left)
        if _VALUE_AT_END.search(left) and re.fullmatch(r"\W*", sentence[mention.end :]):
            doubted = ""
        hedging = (
            (hedging and joined)
            or _HEDGE.search(doubted) is not None
            or (_OR.search(left) is not None and joined and not denying)
        )
        if (
            not denying
            and number + 1 < len(named)
            and (_is_listed(right) or _RANGE.match(right))
            and (_OR.search(right) or (_RANGE.match(right) and not many))
        ):
            hedging = True
        at = mention.end
        hedging = hedging or (not many and _GOES_ON.match(right) is not None)
        said, level = _said(sentence, mention, left, right, denying=denying, hedging=hedging, asked=asked)
        if said == "commits" and level < HEAD and _opens(sentence, mention) and _list_closes(sentence, named[number:]):
            level = HEAD
        if joined and said == "commits":
            level = max(level, before)
        before = level if said == "commits" else 0
        yield Stance(mention.label, said, level, mention.start)


def _said(
    sentence: str, mention: Mention, left: str, right: str, *, denying: bool, hedging: bool, asked: re.Match[str] | None
) -> tuple[str, int]:
    before = sentence[: mention.start]
    if _HALF.match(right):
        return "hedges", 0
    if re.search(r"(?<![a-z])would(?![a-z])", before[-40:]) and re.match(
        r"[^,，]{0,40}(?<![a-z])(?:if|were)(?![a-z])", right
    ):
        return "hedges", 0
    if _HYPOTHETIC.match(right):
        return "mentions", 0
    if asked and asked.start() >= mention.end:
        answer = sentence[asked.end() :]
        if re.match(r"^\W*(?:yes|是|对)(?![a-z])", answer):
            return "commits", FRAME
        return (
            ("denies", 0)
            if re.match(r"^\W*(?:absolutely |certainly |definitely )?(?:no|not|否|不)(?![a-z])", answer)
            else ("hedges", 0)
        )
    if re.fullmatch(r"\W*", right) and not left.strip():
        right = ""
    behind = None if _OF_NEXT.fullmatch(right) else _BEHIND_NO.match(right) or _BEHIND_OUT.match(right)
    if denying and hedging:
        return "hedges", 0
    if denying:
        return ("mentions", 0) if behind and _VALUE_OR_MARK.match(right) else ("denies", 0)
    if behind and not re.match(r"^\W*(?:not|而不是|而非|不是|并非|no\b)", right):
        return "denies", 0
    if hedging:
        return "hedges", 0
    clause = re.split(r"[,，]", before)[-1]
    if _CONCEDES.match(clause):
        return "mentions", 0
    if _LEAVES.search(before) and re.match(r"\W*out(?![a-z])", right):
        return "denies", 0
    if _opens(sentence, mention) and _CLOSE.match(right):
        return "commits", HEAD
    if re.search(r"[:：][\s\"'“*「【(]*$", before) and re.fullmatch(r"\W*", right):
        return "commits", HEAD
    if _DECIDES.search(clause[-80:]):
        return "commits", HEAD
    if _FRAME.search(clause[-80:]):
        return "commits", FRAME
    if _opens(sentence, mention) and (_PREDICATED.match(right) or mention.label in _POLAR):
        return "commits", FRAME
    if re.search(r"\*\*$", before.rstrip(" ")):
        return "commits", FRAME
    return "commits", SUBJECT if _SUBJECT.search(clause[-80:]) else ANYWHERE


def _list_closes(sentence: str, named: Sequence[Mention]) -> bool:
    """Whether labels form a list after which the clause ends."""
    ends = [one.start for one in named[1:]] + [len(sentence)]
    for number, (one, end) in enumerate(zip(named, ends, strict=True)):
        right = sentence[one.end : min(end, one.end + _NEAR)]
        if number + 1 == len(named) or not _is_listed(right):
            return number > 0 and _CLOSE.match(right) is not None
    return False


def _opens(sentence: str, mention: Mention) -> bool:
    """Whether a sentence begins with a label."""
    return mention.start <= _NEAR and _OPEN.match(sentence[: mention.start]) is not None


def _denies(left: str) -> bool:
    """Whether the words before a label deny it; a negation ends at a contrast or another clause."""
    last = last_match(_NEG, left)
    if last is None:
        return False
    rest = left[last.end() :]
    if _DENIED_HEADING.fullmatch(left):
        return True
    return not (_CONTRAST.search(rest) or _CLAUSE.search(rest))


def _between(text: str, named: Sequence[Mention]) -> list[str]:
    """The text before, between and after the labels."""
    starts, ends = [0, *(one.end for one in named)], [*(one.start for one in named), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _is_hardly_more(text: str, menu: Menu) -> bool:
    """Whether a text is little more than the labels that it names."""
    left = " ".join(_between(text, menu.mentions(text)))
    return (
        len(re.findall("[a-z0-9']+", left)) <= _FEW_WORDS
        and len(re.findall(r"[\u4e00-\u9fff]", left)) <= _FEW_CHARACTERS
    )


def _is_listed(text: str) -> bool:
    """Whether the text between two labels is only a list separator."""
    bare = re.sub(r"[0-9.,]{1,6}\s?%", "", _BRACKETED.sub("", text))
    return len(bare) <= _LONGEST_BETWEEN and _LISTED.match(bare) is not None


def _named(sentence: str, menu: Menu) -> list[Mention]:
    """The labels that a sentence names, including ids where they stand as answers."""
    found = menu.mentions(sentence)
    found += [
        one for one in menu.places(sentence) if not any(one.start < of.end and of.start < one.end for of in found)
    ]
    if not menu.ids:
        return sorted(found)
    used = [(one.start, one.end) for one in found]
    for name, label in menu.ids.items():
        for place in re.finditer(
            rf"(?<![a-z0-9.'])(?<!\d,)(?:(?:option|candidate|product|title|description|item|answer|"
            rf"number|choice|no\.|选项?|商品|"
            rf"第)\s?)?[(\[（【\"'*]*(?P<id>{re.escape(name)})(?![a-z0-9'%]|\.[0-9])",
            sentence,
        ):
            as_article = (
                name == "a"
                and re.match(r"\s[a-z0-9]", sentence[place.end() :])
                and not re.match(r"\s(?:is|was|because|fits|and|or|then)(?![a-z])", sentence[place.end() :])
                and place.group() == "a"
            )
            if (
                not as_article
                and name != "i"
                and not (name.isdigit() and _COUNTS.match(sentence[place.end() :]) and place.group() == name)
                and not any(start < place.end() and place.start() < end for start, end in used)
            ):
                found.append(Mention(place.start("id"), place.end(), label))
                used.append(place.span())
    return sorted(found)


def _of_many(stances: Sequence[Stance]) -> Verdict:
    """The labels committed to, where several may be named."""
    labels = {one.label for one in stances if one.said == "commits"}
    denied = {one.label for one in stances if one.said == "denies"}
    return Verdict(frozenset(labels - denied))


def _of_one(text: str, stances: Sequence[Stance], menu: Menu) -> Verdict:
    """The label committed to, where one was requested."""
    commits = [one for one in stances if one.said == "commits"]
    undecided = UNDECIDED.search(text) is not None and _CHOSEN_ANYWAY.search(text) is None
    if undecided and max((one.level for one in commits), default=0) < HEAD:
        return NOTHING
    hedged = {one.label for one in stances if one.said == "hedges"}
    if commits:
        best = max(one.level for one in commits)
        if best < HEAD and len(_conditional(text, menu)) > 1:
            return NOTHING
        top = {one.label for one in commits if one.level == best}
        if _contradicts(commits, best, menu):
            return SEVERAL
        if len(top) == 1 and (best > ANYWHERE or not (hedged - top)):
            denied = [one for one in stances if one.said == "denies" and one.label in top]
            if not denied or denied[-1].place < commits[-1].place or best >= HEAD:
                return Verdict(frozenset(top))
            return NOTHING
        concluded = _concluded(text, menu)
        return Verdict(frozenset((concluded,))) if concluded else SEVERAL
    denied_ones = {one.label for one in stances if one.said == "denies"}
    left = [choice for choice in dict.fromkeys(menu.choices) if choice not in denied_ones]
    if len(left) == 1 < len(denied_ones) and not hedged - denied_ones:
        return Verdict(frozenset(left))
    if hedged - denied_ones or len(denied_ones) != 1:
        return NOTHING
    other = menu.opposite(next(iter(denied_ones)))
    return Verdict(frozenset((other,))) if other and other not in denied_ones else NOTHING


def _conditional(text: str, menu: Menu) -> set[str]:
    """The labels of sentences that begin with a condition; each holds only in its case."""
    said = [one for one in sentences(text) if _CONDITION.match(one)]
    return {mention.label for one in said for mention in menu.mentions(one)}


def _contradicts(commits: Sequence[Stance], best: int, menu: Menu) -> bool:
    """Whether one sentence commits to a label and to its opposite."""
    first = next(one for one in commits if one.level == best)
    return any(
        one.place > first.place and one.sentence == first.sentence and one.label == menu.opposite(first.label)
        for one in commits
    )


def _concluded(text: str, menu: Menu) -> str | None:
    """The one label in the last sentence that draws a conclusion."""
    for sentence in reversed(list(sentences(text))):
        if not _CONCLUDES.match(sentence):
            continue
        labels = {one.label for one in _stances(sentence, menu, many=False) if one.said == "commits"}
        return labels.pop() if len(labels) == 1 else None
    return None
