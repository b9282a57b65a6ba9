"""Rules for machines and access to them: IP and MAC addresses, passwords, keys, tokens."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ecominstruct.detectors.personal.rule import Place, Rule, before, is_code, whole

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![0-9A-Za-z.])(?<![0-9]-)(?P<value>{_OCTET}(?:\.{_OCTET}){{3}})(?![0-9A-Za-z-]|\.[0-9])")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])(?P<value>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8})(?![0-9A-Za-z:]|\.[0-9])")
_SAYS_IP = re.compile(
    r"(?:\bip|ipv[46]|地址|服务器|登录|host|server|ping|dns|网关|gateway|login|logged|from|://)[^0-9]{0,12}$", re.I
)
_MAC = re.compile(
    r"(?<![0-9A-Za-z-])(?<![0-9A-Fa-f]:)(?P<value>[0-9A-Fa-f]{2}(?P<by>[:-])[0-9A-Fa-f]{2}(?:(?P=by)[0-9A-Fa-f]{2}){4}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![0-9A-Za-z:-]|\.[0-9])"
)
_SAYS_MAC = re.compile(r"(?:mac|物理地址|网卡|address)[^0-9]{0,12}$", re.IGNORECASE)
_KEYS = re.compile(
    r"(?<![0-9A-Za-z_-])(?P<value>(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36,80}|github_pat_[0-9A-Za-z_]{22,100}"
    r"|sk-[0-9A-Za-z_-]{20,200}|[spr]k_(?:live|test)_[0-9A-Za-z]{16,100}|AIza[0-9A-Za-z_-]{35}|xox[abprs]-[0-9A-Za-z-]{10,100}"
    r"|LTAI[0-9A-Za-z]{12,24}|AKID[0-9A-Za-z]{32}|hf_[0-9A-Za-z]{30,40}|glpat-[0-9A-Za-z_-]{20,40}|npm_[0-9A-Za-z]{36}"
    r"|eyJ[0-9A-Za-z_-]{10,2000}\.eyJ[0-9A-Za-z_-]{10,4000}\.[0-9A-Za-z_-]{10,1000})(?![0-9A-Za-z])"
)
_BLOCK = re.compile(r"(?P<value>-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY-----)")
_LOGIN = re.compile(
    r"(?P<value>[a-z][a-z0-9+.-]{1,15}://[^\s:@/]{1,64}:[^\s@/]{1,64}@[0-9A-Za-z.-]{2,100})", re.IGNORECASE
)
_PASSWORD = re.compile(
    r"(?:\bpasswords?|\bpasswd|\bpwd|\bpasscode|\bpin code|密码|口令|验证码)"
    r"(?:\s{0,2}[:=]\s{0,2}|\s{0,2}(?:是|为)\s{0,2}|\s{1,2}is:?\s{1,2}|[ \t]{1,2}(?=[0-9]{6}(?![0-9])))"
    r"['\"]?(?P<value>[!-~]{4,64})",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"(?:api[ _-]?key|secret(?:[ _-]?key)?|access[ _-]?(?:key|token)|auth[ _-]?token|client[ _-]?secret|bearer|密钥|令牌)"
    r"(?:[\s:='\"]|is|是|为){1,6}(?P<value>[0-9A-Za-z_/+=.-]{16,200})",
    re.IGNORECASE,
)
_HEX_LETTER = re.compile("[A-Fa-f]")


def _ipv4(match: re.Match[str]) -> Place | None:
    """Without a label, one of the last three numbers must have three digits: 210.30.42.20 is a watch.

    Private and loopback addresses (192.168.1.1, 127.0.0.1) identify nobody.
    """
    value = match["value"]
    if not ipaddress.ip_address(value).is_global and not value.startswith(("192.0.2.", "198.51.100.", "203.0.113.")):
        return None
    told = _SAYS_IP.search(before(match))
    rare = any(len(part) == 3 for part in value.split(".")[1:]) and not is_code(match)
    return whole(match) if told or rare else None


def _ipv6(match: re.Match[str]) -> Place | None:
    """Times and ratios have colons, too: an address needs eight groups, or a double colon and enough else."""
    value = match["value"]
    short = "::" in value and len(value) >= 8 and (_HEX_LETTER.search(value) or value.count(":") >= 4)
    if not short and value.count(":") != 7:
        return None
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return None
    return None if address.is_loopback or address.is_link_local else whole(match)


def _mac(match: re.Match[str]) -> Place | None:
    """Rows of sizes (10-12-14-16-18-20) have no letters."""
    return whole(match) if _HEX_LETTER.search(match["value"]) or _SAYS_MAC.search(before(match)) else None


def _password(match: re.Match[str]) -> Place | None:
    """A password contains a digit or a sign; "password: yes" is not one."""
    start = match.start("value")
    value = match["value"].rstrip(".,;!?)'\"")
    varied = re.search("[0-9]", value) or re.search("[^0-9A-Za-z.]", value)
    return (start, start + len(value)) if varied and len(value) >= 4 else None


def _assigned(match: re.Match[str]) -> Place | None:
    value = match["value"]
    return whole(match) if re.search("[0-9]", value) and re.search("[A-Za-z]", value) else None


def rules() -> Iterator[Rule]:
    """Yield the rules for machine addresses, then for secrets."""
    yield Rule("ip_address", "ipv4", "low", _IPV4, r"[0-9]{1,3}[.．][0-9]{1,3}[.．][0-9]{1,3}[.．][0-9]", _ipv4)
    yield Rule("ip_address", "ipv6", "low", _IPV6, r"[0-9A-Fa-f]{0,4}[:：][0-9A-Fa-f]{0,4}[:：][0-9A-Fa-f]", _ipv6)
    mac = r"[0-9A-Fa-f]{2}[:\-：－][0-9A-Fa-f]{2}[:\-：－][0-9A-Fa-f]{2}[:\-：－][0-9A-Fa-f]{2}[:\-：－]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
    yield Rule("mac_address", "mac", "low", _MAC, mac, _mac)
    keys = r"AKIA|ASIA|gh[pousr]_|github_pat_|sk-[0-9A-Za-z]|[spr]k_(live|test)_|AIza|xox[abprs]-|LTAI|AKID|hf_|glpat-|npm_|eyJ"
    yield Rule("secret", "key", "high", _KEYS, keys)
    yield Rule("secret", "private_key", "high", _BLOCK, "PRIVATE KEY-----")
    yield Rule("secret", "login", "high", _LOGIN, r"://[^\s:@/]+[:：][^\s@/]+[@＠]")
    password = r"(?i)(passw|pwd|passcode|pin code|密码|口令|验证码)"
    yield Rule("secret", "password", "high", _PASSWORD, password, _password)
    assigned = r"(?i)(api.?key|secret|access.?key|access.?token|auth.?token|bearer|密钥|令牌).{1,8}[0-9a-z]"
    yield Rule("secret", "assigned", "high", _ASSIGNED, assigned, _assigned)
