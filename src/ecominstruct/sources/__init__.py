"""Raw files to records: `cards` (what people write about a source), `readers` (raw formats), `mapping` (a raw row to
fields), `ingest` (stage 1), and the built-in synthetic shop, `storefront`."""
