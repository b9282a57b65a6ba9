"""Reports: what people read, as HTML pages, charts and terminal tables (stage 8). Read in this order:

table markup                a table as one value; HTML that always escapes
terminal                    tables, sentences and nested data as text for the terminal

build_tables score_tables   what the verbs print: builds and sources; answers, scores and comparisons
audit_tables judge_tables   the same for audits; for votes and reviews
stage_status                the state of each stage, for `ecom status`

report_data                 the types of the data that the report page shows
report                      the stage: collects these data from a run and writes the pages
page                        `index.html`, section by section
charts evidence             charts; sections on how far scores can be trusted, and the HTML grid
audit_sections tuned_model  sections on audits; on the tuned model
findings_page               `findings.html`: all findings of audits, to sort and filter
frame                       what pages share: head, style, content security policy

study_words                 the results of a study as sentences and table cells
study_tables study_page     a study in the terminal; as a page
judge_parts judge_page      votes of people and models, as a page in English and Chinese
bundle                      one file from which every number of a report can be derived again

To add a section to the report page, add its data to `report_data.ReportData` and `report.gather`, a function that
renders them to a module of sections, its title to `page.SECTIONS`, and the call to `page.render_page`.
"""
