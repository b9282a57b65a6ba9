"""The frame of every page: head, inline style and content security policy. Pages need no network."""

from __future__ import annotations

from importlib.resources import files

from ecominstruct.report.markup import Html, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page_head(title: str, style: str, policy: str = POLICY) -> Html:
    """Return the head of a page: content security policy, title and style."""
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(style)),
    )


def page_style() -> str:
    """Return the style sheet that all pages start with."""
    return files("ecominstruct.report").joinpath("page.css").read_text(encoding="utf-8")


def whole_page(title: str, *body: Html) -> str:
    """Render a page without scripts. The same parts give the same text. The text can always be encoded as UTF-8."""
    footer = tag("footer", "This page needs no network and no script.")
    whole = tag("html", page_head(title, page_style()), tag("body", *body, footer), lang="en")
    return f"<!doctype html>\n{whole}\n"
