"""People and models who label, review and compare answers, and the statistics of their votes.

Labelling by a model, `ecom annotate`:

annotate.py            asks a server for annotations, with several votes a record

Pages for people, `ecom review` and `ecom judge`:

annotation_store.py    one SQLite file with the items, the annotators and the full history of answers
assignments.py         decides who gets which item next
annotators.py          names of annotators, and hashes of their secrets
judging.py             blind comparisons: the items, the page payload, the resulting votes
reviewing.py           reviews of rows: the items, the page payload, planted control rows
drawing.py             samples the rows to review
records.py             finds the annotation keys of records, and the records on which a model's votes disagree
widgets.py             maps the form of a task to the widget that shows and corrects an answer
decisions.py           turns reviews into annotations and error rates
web.py                 the HTTP application and the HTML page it serves, with the files in assets/
guard.py               ASGI middleware: checks requests and sets security headers
connections.py         connection timeouts and limits for uvicorn
host.py                binds the address and runs the server
sessions.py            invites people, prints their links and serves until stopped

Votes and their statistics, `ecom judge --voter` and `ecom judge --report`:

votes.py               a vote of a blind comparison, and the JSONL and CSV files of votes
llm_judge.py           a server as one more voter
judge_manipulation.py  finds answers that address their judge
preferences.py         wins, ties and losses with intervals and the sign test
agreement.py           agreement between voters
bradley_terry.py       a strength for each model from all comparisons
effects.py             effects of side and length, self-agreement, correlation of votes with metrics
power.py               how many more items are needed to decide
judge_data.py          loads the votes of a run and the answers they are about
judge_report.py        all figures of the judge report as plain data
conclusions.py         the conclusions of the report as sentences
phrases.py             these sentences in English and Chinese

The HTML page of the judge report is in `report/judge_page.py`.
"""
