"""Rules for accounts on social networks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecominstruct.detectors.personal.rule import HAN, Place, Rule, whole
from ecominstruct.detectors.personal.words import Words, one_of

_TOLD = r"(?:[\s:#@=>|/-]|账号|帐号|号码|号|昵称|名|是|为|加|id|account|handle|name|is){0,6}"
_SAID = r"(?:[ \t]{0,2}(?:账号|帐号|号码?|id|name|handle|昵称)?(?: is)?[ \t]{0,2}(?:[:@=]|是|为)|[ \t]{0,2}(?:账号|帐号|号码?|id\b))"
_DIGIT = re.compile(r"[0-9_]")
_REDDIT = re.compile(
    r"(?<![0-9A-Za-z_/.])(?P<value>/u/[0-9A-Za-z_-]{3,20}|(?:(?<=by )|(?<=DM )|(?<=dm )|(?<=user )|(?<=from )|(?<=thanks )|(?<=and )|(?<=@))"
    r"u/[0-9A-Za-z_-]{3,20})(?![0-9A-Za-z_/-])"
)
_MODERATOR = re.compile(r"(?<![0-9A-Za-z_-])(?P<value>[0-9A-Za-z_-]{3,20})(?=\[M\])")
_PROFILE = re.compile(
    r"(?P<value>(?:weibo\.(?:com|cn)/(?:u/)?|facebook\.com/|instagram\.com/|twitter\.com/|tiktok\.com/@|t\.me/"
    r"|linkedin\.com/in/|wa\.me/|douyin\.com/user/|reddit\.com/u(?:ser)?/)[0-9A-Za-z_.-]{3,40})",
    re.IGNORECASE,
)
# 64-bit ids of Steam players: 76561197960265728 and the next 2^32.
_STEAM = re.compile(r"(?P<value>(?<![0-9])7656(?:119|120)[0-9]{10}(?![0-9]))")
_AT = re.compile(
    r"(?:follow(?:ing)?|dm|message|tag|contact|tagged|thanks to|via|by|关注|私信|联系|艾特|找|感谢)[ :]{0,2}"
    r"(?P<value>@[0-9A-Za-z_]{3,30})(?![0-9A-Za-z_@.])",
    re.IGNORECASE,
)


def _account(match: re.Match[str]) -> Place | None:
    """A word of letters only is an account only if a label says so: 微信支付 and WeChat Pay are not."""
    value = match["value"]
    told = match["said"] or _DIGIT.search(value)
    return whole(match) if told and value.lower() not in _NO_ACCOUNTS else None


_NO_ACCOUNTS = frozenset(
    (
        "official",
        "account",
        "shop",
        "store",
        "marketplace",
        "messenger",
        "support",
        "follow",
        "page",
        "admin",
        "root",
        "user",
    )
)


def rules(words: Words) -> Iterator[Rule]:
    """Yield the rules for WeChat, QQ, Weibo and other networks, Reddit, profile URLs and @names."""
    wechat, qq, networks = (one_of(names) for names in (words.wechat, words.qq, words.networks))
    flag = re.IGNORECASE
    account = r"(?P<value>[A-Za-z][0-9A-Za-z_-]{5,19}|[0-9]{6,11})(?![0-9A-Za-z_@-]|\.[A-Za-z])"
    begin = r"(?<![0-9A-Za-z])"
    pattern = re.compile(rf"{begin}{wechat}(?P<said>{_SAID})?{_TOLD}(?<![0-9A-Za-z]){account}", flag)
    touching = re.compile(rf"{begin}(?P<said>{wechat}){account}", flag)
    quick = rf"(?i){wechat}.{{0,24}}[0-9a-z]"
    yield Rule("handle", "wechat", "medium", pattern, quick, _account)
    yield Rule("handle", "wechat_joined", "medium", touching, quick, _account)
    number = r"(?P<value>[1-9][0-9]{4,10})(?![0-9A-Za-z]|[-./][0-9])"
    yield Rule("handle", "qq", "medium", re.compile(rf"{begin}{qq}{_TOLD}{number}", flag), rf"(?i){qq}.{{0,24}}[0-9]")
    name = (
        rf"(?P<value>[A-Za-z][0-9A-Za-z_.-]{{3,29}}(?<![.-])|[0-9]{{6,11}}|(?<=[:@])[{HAN}][{HAN}0-9A-Za-z_]{{1,15}})"
    )
    elsewhere = re.compile(
        rf"{begin}{networks}(?P<said>{_SAID})?{_TOLD}(?<![0-9A-Za-z]){name}(?![0-9A-Za-z_@]|\.[A-Za-z])", flag
    )
    yield Rule(
        "handle", "network", "medium", elsewhere, rf"(?i){networks}.{{0,24}}[0-9a-z\x{{3400}}-\x{{9fff}}]", _account
    )
    yield Rule("handle", "reddit", "medium", _REDDIT, r"(^|[^0-9A-Za-z_/.])/?u/[0-9A-Za-z_\-]{3}")
    yield Rule("handle", "moderator", "medium", _MODERATOR, r"[0-9A-Za-z_\-]{3}\[M\]")
    profile = r"(?i)(weibo\.c|facebook\.com/|instagram\.com/|twitter\.com/|tiktok\.com/@|t\.me/|linkedin\.com/in/|wa\.me/|douyin\.com/user/|reddit\.com/u)"
    yield Rule("handle", "profile", "medium", _PROFILE, profile)
    yield Rule("handle", "steam", "medium", _STEAM, r"7656(119|120)[0-9]{10}")
    yield Rule("handle", "at_name", "medium", _AT, r"[@＠][0-9A-Za-z_]{3}")
