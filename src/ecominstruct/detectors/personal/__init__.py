"""A detector of personal information in English and Chinese commerce text.

kinds               all kinds of findings, with descriptions
rule                the type of a rule, and guards against numbers of a shop: articles, bar codes, licences
words               the vocabulary of `words.yaml`: surnames, titles, labels, provinces, carriers, brands that look like
                    names
checksums           check digits: Luhn, GB 11643, S10, UPS
contacts            e-mail addresses, telephone numbers
handles             accounts of WeChat, QQ, Weibo and others
identity_documents  resident ids, passports, bank cards, plates
purchases           order and tracking numbers
addresses           postal addresses, coordinates
names               names, ages of minors
credentials         IP and MAC addresses, secrets and keys
excerpts            excerpts of mentions, with the mention masked
presidio            Presidio with the same interface, for comparison
find                all rules, for a text or a column: the entry point of this package

To add a kind: an entry in `kinds`, a rule in the module of its group, cases in `tests/personal_cases.py`.
"""
