"""Personal information in commerce text, English and Chinese: a text goes in, mentions with exact offsets come out.

kinds               what can be found, how bad it is, a sentence about it
rule                what a rule is, and the guards against what a shop writes: article numbers, bar codes, licence numbers
words               the vocabulary of `words.yaml`: surnames, titles, labels, provinces, carriers, brands that look like names
checksums           Luhn, GB 11643, S10, UPS: what tells a number from a look-alike
contacts            e-mail, telephone
handles             accounts of WeChat, QQ, Weibo and others
identity_documents  resident ids, passports, bank cards, plates
purchases           order and tracking numbers
addresses           postal addresses, coordinates
names               names, ages of minors
credentials         IP and MAC addresses, secrets and keys
excerpts            what may be shown of a mention
presidio            Presidio behind the same interface, for comparison
find                all rules over one text, or over a column: the door to this package

To add a kind: a row in `kinds`, a rule in the module where it belongs, cases in `tests/personal_cases.py`.
"""
