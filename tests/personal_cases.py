"""Labelled cases for the search for personal information: made by hash from templates and checksum rules, when asked.

Nothing here was ever anybody's: numbers come from hashes, names from lists. Each case says which characters of its
text are the value; a look-alike is what a shop writes and is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ecominstruct.identity import hash64, pick

EACH = 700  # cases of each kind and language
Make = Callable[[str], str]


class Case(NamedTuple):
    """A text, and where in it which kind stands; without a kind, it is a look-alike called `name`."""

    lang: str
    kind: str
    name: str
    text: str
    start: int = 0
    end: int = 0

    @property
    def value(self) -> str:
        """The personal information itself."""
        return self.text[self.start : self.end]


def digits(count: int, *key: str, first: str = "0123456789") -> str:
    """Digits by hash; the first one is one of `first`."""
    rest = "".join(str(hash64(*key, str(place)) % 10) for place in range(1, count))
    return (pick(first, *key, "first") + rest)[:count]


def letters(count: int, *key: str, of: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    """Letters by hash."""
    return "".join(of[hash64(*key, "letter", str(place)) % len(of)] for place in range(count))


def luhn_digit(payload: str) -> str:
    """The digit that makes a number pass Luhn's test, written another way than the code under test."""
    return next(str(last) for last in range(10) if not luhn_sum(payload + str(last)) % 10)


def luhn_sum(number: str) -> int:
    """Luhn's sum: from the right, every second digit doubled and its digits added."""
    return sum(sum(divmod(int(digit) * (2 if place % 2 else 1), 10)) for place, digit in enumerate(number[::-1]))


def ean13(payload: str) -> str:
    """Twelve digits and their GS1 check digit."""
    return payload + str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(payload)) % 10)


# --------------------------------------------------------------------------------------------------------------- values


def card(key: str) -> str:
    """A payment card, in one of the ways that people write it."""
    prefix, size = pick((("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15), ("62", 16), ("6222", 19), ("6011", 16), ("3530", 16)), key, "issuer")  # fmt: skip
    payload = prefix + digits(size - 1 - len(prefix), key, "card")
    number = payload + luhn_digit(payload)
    if size == 15:
        return pick((number, f"{number[:4]} {number[4:10]} {number[10:]}"), key, "style")
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    return pick((number, " ".join(groups), "-".join(groups)), key, "style")


def resident_id(key: str) -> str:
    """A Chinese resident id with its check character, by the formula of ISO 7064 as a sum of powers."""
    area = pick(("110101", "310104", "440305", "330106", "510107", "652301", "420106", "230103"), key, "area")
    year, month, day = 1950 + hash64(key, "y") % 60, 1 + hash64(key, "m") % 12, 1 + hash64(key, "d") % 28
    payload = f"{area}{year}{month:02}{day:02}{digits(3, key, 'serial')}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(payload))
    check = (12 - total % 11) % 11
    return payload + ("X" if check == 10 else str(check))


def parcel(key: str) -> str:
    """A parcel of the post (S10), with its check digit."""
    serial = digits(8, key, "serial")
    check = 11 - sum(int(d) * w for d, w in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"{pick(('RA', 'EE', 'LX', 'CP'), key, 'type')}{serial}{ {10: 0, 11: 5}.get(check, check) }{pick(('CN', 'US', 'GB', 'DE'), key, 'land')}"


def mobile(key: str) -> str:
    """A Chinese mobile number, in one of the ways that people write it; sometimes in full width."""
    prefix = pick(
        ("130", "135", "138", "139", "150", "155", "159", "166", "173", "177", "180", "186", "189", "199"), key
    )
    tail = digits(8, key, "mobile")
    style = pick(("{}{}{}", "{} {} {}", "{}-{}-{}", "+86 {}{}{}", "+86-{}-{}-{}", "86-{}{}{}", "wide"), key, "style")
    if style == "wide":
        return "".join(chr(ord(char) + 0xFEE0) for char in prefix + tail)
    return style.format(prefix, tail[:4], tail[4:])


def landline(key: str) -> str:
    """A Chinese landline."""
    area = pick(("010", "021", "020", "0571", "0755", "028", "025", "0532"), key)
    tail = digits(8, key, "landline", first="68")
    return pick(("{}-{}", "({}){}", "{} {}", "{}-{}"), key, "style").format(area, tail)


def nanp(key: str) -> str:
    """A number of North America."""
    area = pick(("212", "415", "310", "617", "206", "713", "305", "646", "416", "972"), key)
    exchange, line = digits(3, key, "x", first="23456789"), digits(4, key, "line")
    exchange = exchange[:1] + "2" + exchange[2:]  # not 411, 911 or 555
    return pick(("({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {}-{}-{}", "+1 ({}) {}-{}"), key, "style").format(
        area, exchange, line
    )


def abroad(key: str) -> str:
    """A number of another country, as it is written there."""
    form = pick(
        (
            "+44 7400 ######",
            "+49 151 ########",
            "+33 6 12 ## ## ##",
            "+81 90-####-####",
            "+852 9### ####",
            "+61 412 ### ###",
            "+7 916 ###-##-##",
            "+34 612 ### ###",
        ),
        key,
    )
    return "".join(str(hash64(key, str(at)) % 10) if char == "#" else char for at, char in enumerate(form))


def mail(key: str) -> str:
    """An e-mail address."""
    host = pick(("gmail.com", "qq.com", "163.com", "outlook.com", "example.co.uk", "mail.example.org", "126.com"), key)
    name = letters(4 + hash64(key) % 6, key)
    return pick(("{n}@{h}", "{n}.{d}@{h}", "{n}_{d}@{h}", "{n}{d}@{h}", "{n}+shop@{h}"), key, "style").format(
        n=name, h=host, d=digits(3, key)
    )


def passport(key: str) -> str:
    """The number of a Chinese, American or British passport."""
    return (
        pick(("E", "G", "EA", ""), key) + digits(9, key, first="123456789")
        if hash64(key) % 4 == 0
        else "E" + digits(8, key)
    )


def plate(key: str) -> str:
    """A Chinese plate, of a car with a tank or of one with a battery."""
    serial = digits(1, key, "0") + letters(1, key, of="ABCDEFGH") + digits(3, key, "1")
    green = "D" + digits(5, key, "2")
    head = pick("京沪粤浙苏川鲁鄂湘闽", key) + letters(1, key, of="ABCDEFG")
    return head + pick(("", "·"), key, "dot") + pick((serial, green, digits(5, key, "3")), key, "style")


def plate_en(key: str) -> str:
    """A plate of California, Texas or England."""
    upper = "ABCDEFGHJKLMNPRSTUVWXYZ"
    one, two = letters(3, key, "1", of=upper), letters(2, key, "2", of=upper)
    return pick((f"7{one}{digits(3, key)}", f"{one}-{digits(4, key)}", f"{two}{digits(2, key)} {one}"), key, "style")


def ipv4(key: str) -> str:
    """An address of the public net."""
    first = pick(("8", "23", "58", "101", "114", "180", "203", "221", "93", "151"), key)
    return ".".join([first, *(str(hash64(key, str(place)) % 254 + 1) for place in range(3))])


def ipv6(key: str) -> str:
    """An IPv6 address, whole or shortened."""
    group = [letters(4, key, str(place), of="0123456789abcdef") for place in range(6)]
    return pick((f"2001:db8:{':'.join(group)}", f"2400:{group[0]}::{group[1]}:{group[2]}"), key, "style")


def mac(key: str) -> str:
    """The number of a network device."""
    pairs = [letters(2, key, str(place), of="0123456789ABCDEF") for place in range(5)]
    return pick((":", "-"), key).join([f"A{hash64(key) % 10}", *pairs])


def point(key: str) -> str:
    """A place on the map."""
    lat, lon = (
        f"{18 + hash64(key) % 35}.{digits(6, key, 'lat')}",
        f"{73 + hash64(key, 'o') % 60}.{digits(6, key, 'lon')}",
    )
    return pick(("{}, {}", "{},{}", "{}, -{}", "{}° N, {}° E"), key, "style").format(lat, lon)


SECRETS = (
    lambda key: "AKIA" + letters(16, key, of="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    lambda key: "ghp_" + letters(36, key, of="abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789"),
    lambda key: "sk-" + letters(48, key, of="abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789"),
    lambda key: "AIza" + letters(35, key, of="abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789_-"),
    lambda key: f"eyJ{letters(30, key)}.eyJ{letters(60, key, '2')}.{letters(40, key, '3')}",
)


def secret(key: str) -> str:
    """A key or token of a service."""
    return pick(SECRETS, key)(key)


def password(key: str) -> str:
    """A password as people choose it."""
    return letters(6, key) + pick(("", "!", "@", "#"), key) + digits(3, key)


def account(key: str) -> str:
    """The name of an account."""
    return letters(6, key) + pick(("_", "", "-"), key) + digits(3, key)


def reddit(key: str) -> str:
    """A user as Reddit writes it."""
    return f"/u/{letters(8, key)}"


def order(key: str) -> str:
    """The number of an order."""
    return pick(
        (digits(18, key, first="123"), digits(12, key, first="123"), f"A{digits(9, key)}", f"WX-{digits(10, key)}"),
        key,
        "style",
    )


def waybill(key: str) -> str:
    """The number of a parcel of a Chinese or American carrier."""
    return pick(
        (f"SF{digits(13, key)}", f"YT{digits(13, key)}", digits(13, key, first="3478"), f"JD{digits(13, key)}"),
        key,
        "style",
    )


SURNAMES, GIVEN = "王李张刘陈杨赵吴周徐孙林郑谢宋韩冯邓曹彭", "伟芳娜敏静强磊洋艳勇军杰娟涛明超霞平刚建华文玉"
FIRST, LAST = ("James", "Mary", "Linda", "Robert", "Emily", "Sarah", "Daniel", "Anna", "Kevin", "Grace", "Wei"), (
    "Smith", "Johnson", "Miller", "Chen", "Garcia", "Walker", "Nguyen", "Patel", "O'Brien", "Lindqvist", "Okafor")  # fmt: skip


def name_zh(key: str) -> str:
    """A Chinese name."""
    return pick(SURNAMES, key, "s") + pick(GIVEN, key, "1") + pick((*GIVEN, ""), key, "2")


def name_en(key: str) -> str:
    """An English name."""
    return f"{pick(FIRST, key, 'f')} {pick(LAST, key, 'l')}"


def address_zh(key: str) -> str:
    """A Chinese address."""
    city = pick(
        ("浙江省杭州市西湖区", "北京市朝阳区", "广东省深圳市南山区", "上海市浦东新区", "四川省成都市武侯区"), key
    )
    street = pick(("文三路", "建国路", "科技大道", "人民中路", "解放街"), key, "street")
    home = pick(("", "3栋2单元501室", "阳光花园6幢1802", "5号楼302室"), key, "home")
    return f"{city}{street}{hash64(key) % 400 + 1}号{home}"


def address_en(key: str) -> str:
    """An address in the United States."""
    street = pick(("Maple Street", "Oak Avenue", "North Main St", "Sunset Blvd", "River Rd", "2nd Ave"), key, "street")
    place = pick(("Springfield, IL", "Austin, TX", "Portland, OR", "Denver, CO"), key, "place")
    return f"{hash64(key) % 9000 + 10} {street}{pick(('', ', Apt 4B', ', Suite 210'), key)}, {place} {digits(5, key, first='6789')}"


def minor(key: str) -> str:
    """An age below 18."""
    return str(8 + hash64(key) % 10)


# ------------------------------------------------------------------------------------------------------------ contexts

GOODS = {
    "en": ("Wireless mouse, black. ", "Great blender! ", "Kids backpack 16 inch, 20L. ", "Order arrived late. ", ""),
    "zh": ("纯棉短袖T恤 ", "这款保温杯很好用，", "2023新款女包，", "包装破损，", ""),
}
Contexts = dict[str, tuple[Make | None, Sequence[str]]]
BARE = {
    "en": ("Here it is: {}.", "{} is mine, thanks.", "note {} below"),
    "zh": ("这是{}，谢谢", "备注：{}。", "{}请查收"),
}
KINDS: dict[tuple[str, str], tuple[tuple[Make, Sequence[str]], ...]] = {
    ("bank_card", "en"): ((card, ("My card number is {}, please refund.", "Paid with {}.", "Visa: {} exp 09/27", *BARE["en"])),),
    ("bank_card", "zh"): ((card, ("银行卡号：{}，请退款", "卡号{}", "退到{}这张卡", *BARE["zh"])),),
    ("national_id", "en"): ((resident_id, ("My ID is {} for customs.", "ID number: {}", *BARE["en"])),),
    ("national_id", "zh"): ((resident_id, ("身份证号：{}", "身份证号码是{}，清关用", "海关要{}", *BARE["zh"])),),
    ("phone", "en"): (
        (nanp, ("Call me at {} after six.", "My cell: {}", "Text {} when it ships", *BARE["en"])),
        (abroad, ("Reach me on {} please", "Phone {}", *BARE["en"])),
    ),
    ("phone", "zh"): (
        (mobile, ("联系电话：{}", "手机{}，麻烦发货前打我", "请致电{}", "电话是{}。", *BARE["zh"])),
        (landline, ("座机：{}", "电话{}", "请拨打{}咨询", "公司电话 {}")),
    ),
    ("email", "en"): ((mail, ("Write to {} please.", "email:{}", "my address is <{}>", *BARE["en"])),),
    ("email", "zh"): ((mail, ("邮箱：{}", "发票发到{}", "请联系{}，谢谢", *BARE["zh"])),),
    ("passport", "en"): ((passport, ("Passport number: {}", "my passport no. {} expires soon", "passport {}")),),
    ("passport", "zh"): ((passport, ("护照号：{}", "护照号码是{}", "护照{}")),),
    ("plate", "en"): ((plate_en, ("License plate: {}", "the plate number is {}.", "Registration number {}")),),
    ("plate", "zh"): ((plate, ("车牌号：{}", "车牌{}，到门口了", "我的车是{}", "车牌号码是{}")),),
    ("ip_address", "en"): ((ipv4, ("Login from {} was blocked", "IP: {}", "my ip address is {}")), (ipv6, ("IPv6 {} here",))),
    ("ip_address", "zh"): ((ipv4, ("登录IP：{}", "IP地址是{}", "服务器 {} 打不开")), (ipv6, ("地址 {} 。",))),
    ("mac_address", "en"): ((mac, ("MAC: {}", "The device {} is offline", "mac address {}")),),
    ("mac_address", "zh"): ((mac, ("MAC地址：{}", "设备{}离线", "网卡 {}")),),
    ("coordinates", "en"): ((point, ("Meet me at {}.", "GPS {}", "location: {}")),),
    ("coordinates", "zh"): ((point, ("定位：{}", "坐标{}", "我在{}")),),
    ("secret", "en"): ((secret, ("key {} leaked", "token: {}", *BARE["en"])), (password, ("password: {}", "my password is {}"))),
    ("secret", "zh"): ((secret, ("密钥 {} 泄露了", *BARE["zh"])), (password, ("密码：{}", "密码是{}"))),
    ("handle", "en"): ((account, ("WeChat: {}", "my wechat id is {}", "Instagram: @{}", "telegram {}")), (reddit, ("thanks {} !",))),
    ("handle", "zh"): (
        (account, ("微信号：{}", "加微信{}", "微信 {}", "VX:{}", "小红书号：{}")),
        (lambda key: digits(9, key, first="123456789"), ("QQ：{}", "加QQ{}", "扣扣{}")),
    ),
    ("order_number", "en"): ((order, ("Order number: {}", "order #{} is missing", "Invoice no. {}", "my order id is {}")),),
    ("order_number", "zh"): ((order, ("订单号：{}", "订单编号{}，还没发货", "订单号是{}")),),
    ("tracking_number", "en"): ((parcel, ("Tracking: {}", "{} is stuck", "parcel {} lost")), (waybill, ("tracking number {}", "Waybill: {}"))),
    ("tracking_number", "zh"): ((waybill, ("快递单号：{}", "运单号{}", "物流单号是{}", "顺丰 {}")), (parcel, ("国际件{}", "单号{}"))),
    ("minor_age", "en"): ((minor, ("I'm {} and I love it", "I am {} years old.", "My son is {} years old", "my daughter is {}, she likes it")),),
    ("minor_age", "zh"): ((minor, ("我今年{}岁", "我儿子{}岁，很喜欢", "我女儿今年{}岁了", "孩子大了，我才{}岁")),),
    ("person_name", "en"): ((name_en, ("Recipient: {}", "My name is {}.", "Ship to {}, thanks", "Mr. {} signed", "Regards, {}")),),
    ("person_name", "zh"): ((name_zh, ("收货人：{}", "姓名：{}，电话见下", "收件人{}", "我叫{}", "联系人:{}")),),
    ("address", "en"): ((address_en, ("Ship it to {}.", "I live at {}", *BARE["en"])),),
    ("address", "zh"): ((address_zh, ("收货地址：{}", "请寄到{}", "我住在{}，谢谢", *BARE["zh"])),),
}  # fmt: skip


def cases() -> Iterator[Case]:
    """All kinds in both languages: a value in a context, after a line about goods."""
    for (kind, lang), makers in KINDS.items():
        for number in range(EACH):
            key = f"{kind} {lang} {number}"
            make, contexts = makers[number % len(makers)]
            value, context = (
                make(key),
                GOODS[lang][hash64(key, "goods") % len(GOODS[lang])] + pick(contexts, key, "context"),
            )
            start = context.index("{}")
            yield Case(lang, kind, make.__name__, context.replace("{}", value), start, start + len(value))


# ---------------------------------------------------------------------------------------------------------- look-alikes


def _wrong_last(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1 + hash64(number) % 8) % 10)


def _wrong_card(key: str) -> str:
    return _wrong_last("".join(char for char in card(key) if char.isdigit()))


def _wrong_id(key: str) -> str:
    number = resident_id(key)
    return number[:-1] + ("4" if number[-1] != "4" else "7")


ALIKE: dict[str, tuple[Make, dict[str, Sequence[str]]]] = {
    "ean": (lambda key: ean13(pick(("690", "693", "400", "471", "489", "880"), key) + digits(9, key)), {"en": ("EAN {}", "{} in stock", "Barcode: {}"), "zh": ("条形码：{}", "商品条码{}", "{} 现货")}),
    "upc": (lambda key: digits(12, key), {"en": ("UPC: {}", "UPC {} black"), "zh": ("UPC码 {}", "国际码#:#{}")}),
    "isbn": (lambda key: ean13("978" + digits(9, key)), {"en": ("ISBN {}", "paperback {}"), "zh": ("ISBN：{}", "书号{} 正版")}),
    "asin": (lambda key: "B0" + letters(8, key, of="ABCDEFGHJKLMN0123456789"), {"en": ("ASIN: {}", "{} best seller"), "zh": ("ASIN {}",)}),
    "sku": (lambda key: f"{letters(3, key, of='ABCDEFGH')}-{digits(5, key)}-{letters(2, key, of='XYZ')}", {"en": ("SKU {}", "Model {}"), "zh": ("货号：{}", "型号{}")}),
    "article": (lambda key: f"{digits(4, key, '1')}-{digits(7, key, '2')}", {"en": ("Part no. {}", "Item {}"), "zh": ("货号#:#ALS{}", "款号：{}")}),
    "long_code": (lambda key: digits(16, key, first="13579"), {"en": ("Serial {}", "Lot {}"), "zh": ("货号：{}", "编号{}")}),
    "licence": (lambda key: f"国妆特字G20{digits(6, key)}", {"zh": ("批准文号：{}", "{} 防晒霜")}),
    "filing": (lambda key: f"沪G妆网备字20{digits(8, key)}", {"zh": ("备案号#:#{}", "{}")}),
    "watch": (lambda key: f"{digits(3, key, first='12')}.{digits(2, key, '1', first='1234')}.{digits(2, key, '2', first='1234')}.20", {"en": ("Omega {} watch", "Ref {}"), "zh": ("欧米茄{}", "型号：{}")}),
    "version": (lambda key: f"{hash64(key) % 9 + 1}.0.{hash64(key, '2') % 9}.{hash64(key, '3') % 99}", {"en": ("firmware {}", "Version {}"), "zh": ("固件版本{}",)}),
    "printers": (lambda key: f"{digits(3, key, '1', first='789')} {digits(3, key, '2', first='789')} {pick(('9000', '8000', '7500'), key)}", {"en": ("ink for {}", "Toner {} compatible"), "zh": ("墨盒适用{}", "兼容{}打印机")}),
    "sizes": (lambda key: "-".join(str(20 + 2 * step + hash64(key) % 4) for step in range(6)), {"en": ("Sizes {}", "{} available"), "zh": ("尺码{}",)}),
    "years": (lambda key: f"20{digits(2, key, '1', first='12')} 20{digits(2, key, '2', first='12')}", {"en": ("fits {} models", "phone case {}"), "zh": ("{}新款", "手机壳{}款")}),
    "dimensions": (lambda key: f"{digits(2, key, '1', first='123')}.{digits(2, key, '2')} x {digits(2, key, '3', first='123')}.{digits(2, key, '4')} cm", {"en": ("Size {}", "{} box"), "zh": ("尺寸{}",)}),
    "ages": (lambda key: f"{3 + hash64(key) % 6}-{9 + hash64(key) % 4}", {"en": ("for ages {} years", "Toys ages {}"), "zh": ("适合{}岁儿童", "{}岁女童裙")}),
    "wrong_card": (_wrong_card, {"en": ("code {}", "{}"), "zh": ("编码{}", "{}")}),
    "wrong_id": (_wrong_id, {"en": ("code {}", "{}"), "zh": ("商品编码{}", "{} 现货")}),
    "product_name": (lambda key: pick(("Sony White", "Canon Green Photo", "Danby White Countertop", "Dell Brown Case"), key), {"en": ("name: {}", "Product name: {}", "Brand: {}")}),
    "brand_name": (lambda key: pick(("Mr. Coffee", "Dr. Martens", "Mrs. Meyer's", "Dr Pepper", "Mr. Clean", "Ralph Lauren"), key), {"en": ("{} 12-cup", "New {} item")}),
    "brand_zh": (lambda key: pick(("康师傅红烧牛肉面", "王老吉凉茶", "李宁跑鞋", "周大福项链", "张小泉菜刀", "高领女士毛衣", "白小姐"), key), {"zh": ("{} 正品", "新款{}")}),
    "plate_zh": (lambda key: f"新{letters(1, key, of='ABCS')}{digits(3, key)}", {"zh": ("{}纯银耳环", "2023{}款手机壳")}),
    "screws": (lambda key: f"M{hash64(key) % 9 + 2}x{digits(2, key, first='123')} {digits(3, key, first='123')}pcs @ {digits(1, key)}.99", {"en": ("Screws {}",), "zh": ("螺丝{}",)}),
    "pay": (lambda key: pick(("微信支付", "支持微信扫码", "QQ糖", "微博同款", "WeChat Pay", "QQ星牛奶"), key) + digits(1, key), {"en": ("Accepts {}",), "zh": ("{}立减", "可用{}")}),
}  # fmt: skip


def look_alikes() -> Iterator[Case]:
    """What a shop writes that is nobody's."""
    for name, (make, contexts) in ALIKE.items():
        for lang, some in contexts.items():
            for number in range(EACH // 6):
                key = f"{name} {lang} {number}"
                yield Case(lang, "", name, pick(GOODS[lang], key, "goods") + pick(some, key, "c").format(make(key)))
