"""People and models who label, review and compare, and what their votes say.

annotate.py       a server answers about the records of tasks, several times each
votes.py          a vote of a blind comparison, and its files

Pages for people, `ecom review` and `ecom judge`:

desk.py           one SQLite file: what is asked, who answers, and every answer ever given
deals.py          who gets which item next
members.py        names and secrets
judging.py        what is compared, what the page shows of it, and the votes
reviewing.py      what is reviewed, what the page shows of it, and planted rows
drawing.py        which rows are reviewed
records.py        where they come from, with material.py: their keys, and what models could not agree about
widgets.py        how an answer is shown and corrected, by the form of its task
decisions.py      what came of a review: annotations, and error rates
web.py guard.py   the pages over HTTP, and what stands before them
shell.py assets/  what a browser gets
host.py           starting the server
sessions.py       a session: invitations, links, serving

Models that vote, and what all votes say, `ecom judge --voter` and `ecom judge --report`:

llm_judge.py      a server as one more voter
appeals.py        answers that speak to whoever judges them
agreement.py      how far voters agree
preferences.py    wins, ties and losses, and the sign test
strengths.py      how strong each model is, from all comparisons together
effects.py        sides, lengths, items that came again; votes and metrics
power.py          how many items more would decide
judge_data.py     what a report rests on
judge_report.py   all figures, as plain data
conclusions.py    what can be concluded, in sentences
phrases.py        sentences in English and Chinese
judge_page.py     the page, with judge_parts.py (tables) and judge_charts.py (bars)
"""
