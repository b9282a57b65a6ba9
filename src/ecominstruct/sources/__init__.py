"""Sources: raw files, and the built-in synthetic shop, to typed records (stage 1, `1-records/`).

Read in this order:

  cards licences illustrations   what people write about a source: `_source.yaml`, and invented sample records
  fetch download partial         downloads of the files that a card names
  addresses unpack               safe connections, and safe extraction of archives
  readers/                       raw formats (JSONL, CSV, XML, ...) to raw rows
  shape paths parsers            what a card says about one field: paths into nested data, and cell parsers by name
  chinese judged menus           cell parsers of particular kinds of sources
  offers opinions bio_tags       further cell parsers
  mapping                        one raw row to the fields of a record
  flow                           from raw rows to those that become records: explode, where, lookup, gather
  records ordinals tombstones    records with their ids, without the forgotten ones
  ingest chosen                  the stage itself, and ingest of selected sources alone
  survey sample                  a report on raw files and how they are read; samples for people to check
  storefront/                    the synthetic shop
"""
