"""The HTTP application: a page without data, and a few JSON endpoints.

    GET  /                 the page, which loads its data by script               (public: holds no data)
    GET  /assets/NAME      its scripts and style sheet                            (public)
    GET  /words            the interface texts in both languages                  (public)
    POST /enter            exchanges a secret for a cookie                        (public)
    GET  /state            name, progress, and the token for submissions          (cookie)
    POST /open             the open questions                                     (cookie, token)
    POST /answer           stores one answer; acknowledged once it is durable     (cookie, token)
    POST /undo             revokes the last answer                                (cookie, token)

Importing this module needs FastAPI; `host.py` imports it when a server starts. FastAPI evaluates the annotations, so
this module does not import annotations from `__future__`.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import HTTPException
from starlette.exceptions import HTTPException as AnyHTTPException

from ecominstruct.people import annotators
from ecominstruct.people.annotation_store import AnnotationStore, Refused
from ecominstruct.people.assignments import Deal, deal, owned, progress
from ecominstruct.people.guard import Guard, Log

KEY_LENGTH = range(16, 65)
COOKIE_SECONDS = 60 * 60 * 24 * 60


async def _sent(request: Request) -> dict[str, Any]:
    """The request body as a JSON object. Rejects lone surrogates and non-finite numbers."""
    import orjson

    try:
        found = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise HTTPException(400, "this is not a JSON object")
    return found


Sent = Annotated[dict[str, Any], Depends(_sent)]


class Kind(NamedTuple):
    """A kind of store: what its page shows of a question, and how submissions are validated.

    `check` returns the answer to store and raises Refused if it is invalid.
    """

    name: str
    show: Callable[[Deal], Mapping[str, Any]]
    check: Callable[[Deal, Mapping[str, Any]], Mapping[str, Any]]


class Caller(NamedTuple):
    """The sender of a request."""

    name: str
    token: str


def make_app(desk: AnnotationStore, kind: Kind, hosts: frozenset[str], log: Log) -> Guard:
    """The app of a store, which accepts these hosts (`name:port`)."""
    cookie = f"desk-{desk.settings()['id']}"
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, title="ecominstruct")
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(AnyHTTPException, _failed)

    def caller(request: Request) -> Caller:
        secret = request.cookies.get(cookie, "")
        name = annotators.who(desk, secret) if secret else None
        if name is None:
            raise HTTPException(401, "open your own link first")
        return Caller(name, annotators.form_token(secret))

    def sender(request: Request, person: Annotated[Caller, Depends(caller)]) -> str:
        if not annotators.same(request.headers.get("x-desk-token", ""), person.token):
            raise HTTPException(403, "the page is out of date: load it again")
        return person.name

    _add_public(app, desk, kind, cookie)
    _add_private(app, desk, kind, caller, sender)
    return Guard(app, hosts, log)


def _add_public(app: FastAPI, desk: AnnotationStore, kind: Kind, cookie: str) -> None:
    page, files = shell(kind.name), assets()

    @app.get("/")
    def home() -> Response:
        return Response(page, media_type="text/html; charset=utf-8")

    @app.get("/assets/{name}")
    def asset(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "there is no such file")
        return Response(files[name].content, media_type=files[name].kind)

    @app.get("/words")
    def all_words() -> Response:
        return _json(words())

    @app.post("/enter")
    def enter(sent: Sent) -> Response:
        secret = sent.get("secret")
        if not isinstance(secret, str) or annotators.who(desk, secret) is None:
            raise HTTPException(401, "this link is not valid, or not any more")
        response = _json({})
        response.set_cookie(cookie, secret, max_age=COOKIE_SECONDS, httponly=True, samesite="strict")
        return response


def _add_private(
    app: FastAPI, desk: AnnotationStore, kind: Kind, caller: Callable[..., Caller], sender: Callable[..., str]
) -> None:
    def status(name: str) -> dict[str, Any]:
        # Assign questions first: this changes the progress.
        shown = [{"deal": each.number, **kind.show(each)} for each in deal(desk, name)]
        return {"open": shown, "progress": progress(desk, name)._asdict()}

    @app.get("/state")
    def state(person: Annotated[Caller, Depends(caller)]) -> Response:
        known = {"person": person.name, "token": person.token, "desk": desk.settings()["id"], "kind": kind.name}
        return _json({**known, "progress": progress(desk, person.name)._asdict()})

    @app.post("/open")
    def open_questions(name: Annotated[str, Depends(sender)]) -> Response:
        return _json(status(name))

    @app.post("/answer")
    def answer(name: Annotated[str, Depends(sender)], sent: Sent) -> Response:
        key, number, body = _key(sent), sent.get("deal"), sent.get("answer")
        if type(number) is not int or not 0 < number < 1 << 62 or not isinstance(body, dict):
            raise Refused("an answer has a deal and an answer")
        asked = owned(desk, name, number)
        if asked is None:
            raise Refused("there is no such question", 404)
        entry = desk.answer(name, key, number, kind.check(asked, body))
        return _json({"entry": entry, **status(name)})

    @app.post("/undo")
    def undo(name: Annotated[str, Depends(sender)], sent: Sent) -> Response:
        taken = desk.undo(name, _key(sent))
        last = {"deal": taken.deal, "answer": taken.body} if taken else None
        return _json({"taken": last, **status(name)})


def _key(sent: Mapping[str, Any]) -> str:
    key = sent.get("key")
    if not isinstance(key, str) or len(key) not in KEY_LENGTH or not key.isascii():
        raise Refused("a submission has a key of 16 to 64 letters")
    return key


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _json({"problem": error.faults[0].problem}, error.status)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    return _json({"problem": str(error.detail)}, error.status_code)


HERE = Path(__file__).resolve().parent
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file for the browser, and its media type."""

    content: bytes
    kind: str


def shell(kind: str) -> str:
    """The HTML page of a kind of store. `kind` is a constant of the program, so it is not escaped."""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>ecominstruct</title>"
        '<link rel="stylesheet" href="/assets/style.css"><link rel="icon" href="/assets/icon.svg">'
        f'<script type="module" src="/assets/{kind}.js"></script></head>'
        f'<body class="kind-{kind}"><div id="page">'
        "<noscript><p>This page needs JavaScript. 本页面需要 JavaScript。</p></noscript></div></body></html>"
    )


def assets() -> Mapping[str, Asset]:
    """All files for the browser, by name."""
    found = sorted((HERE / "assets").iterdir())
    return {path.name: Asset(path.read_bytes(), KINDS[path.suffix]) for path in found if path.suffix in KINDS}


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The interface texts: by name, then by language."""
    import yaml

    found: dict[str, dict[str, str]] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return found
