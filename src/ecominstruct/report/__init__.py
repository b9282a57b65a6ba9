"""All that people look at: HTML pages, charts, and the tables of the terminal."""
