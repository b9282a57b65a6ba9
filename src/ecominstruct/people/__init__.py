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
records.py        the keys of rows, and what annotators left unsettled
widgets.py        how an answer is shown and corrected, by the form of its task
decisions.py      what came of a review: annotations, and error rates
web.py guard.py   the pages over HTTP, and what stands before them
shell.py assets/  what a browser gets
host.py           starting the server
sessions.py       a session: invitations, links, serving
"""
