"""The table of all kinds of personal information. The rule of a mention determines its severity.

High: identifies or endangers one person by itself. Medium: reaches or names a person. Low: personal only together with
other information.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Kind = Literal[
    "national_id",
    "bank_card",
    "passport",
    "secret",
    "phone",
    "email",
    "address",
    "person_name",
    "handle",
    "minor_age",
    "coordinates",
    "plate",
    "ip_address",
    "mac_address",
    "order_number",
    "tracking_number",
]
"""Of overlapping mentions the longest is kept; of equal lengths, the kind listed first."""
ORDER: tuple[Kind, ...] = get_args(Kind)

ABOUT: Mapping[Kind, str] = {
    "national_id": "a number that the state gave to one person",
    "bank_card": "the number of a payment card",
    "passport": "the number of a passport or travel permit",
    "secret": "a password, a key or a token",
    "phone": "a telephone number; low where it is the line of a shop",
    "email": "an e-mail address",
    "address": "a postal address with street and number",
    "person_name": "a name, where the words around it say that it is one",
    "handle": "an account of WeChat, QQ, Weibo, Reddit and the like",
    "minor_age": "the age of somebody who is not yet 18",
    "coordinates": "a place on the map, to about ten metres",
    "plate": "the plate of a car",
    "ip_address": "the address of a computer in the net",
    "mac_address": "the number of a network device",
    "order_number": "the number of an order or an invoice",
    "tracking_number": "the number of a parcel",
}

ABOUT_ZH: Mapping[Kind, str] = {
    "national_id": "身份证等国家颁发给个人的号码",
    "bank_card": "银行卡号",
    "passport": "护照或通行证号码",
    "secret": "密码、密钥或令牌",
    "phone": "电话号码（店铺电话风险较低）",
    "email": "电子邮箱",
    "address": "带门牌号的详细地址",
    "person_name": "上下文表明是人名的姓名",
    "handle": "微信、QQ、微博、Reddit等账号",
    "minor_age": "未成年人的年龄",
    "coordinates": "精确到约十米的地理坐标",
    "plate": "车牌号",
    "ip_address": "IP地址",
    "mac_address": "网络设备的MAC地址",
    "order_number": "订单号或发票号",
    "tracking_number": "快递单号",
}
