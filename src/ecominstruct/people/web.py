"""The pages over HTTP: a shell without any data, and a handful of requests in JSON.

    GET  /                 the shell; what it shows, its script asks for          (public: holds no data)
    GET  /assets/NAME      its own scripts and its own style                      (public)
    GET  /words            the words of the interface, in both languages          (public)
    POST /enter            a secret, for a cookie                                 (public)
    GET  /state            who one is, how far, and the token for submissions     (cookie)
    POST /open             the open questions                                     (cookie, token)
    POST /answer           one answer: acknowledged when it is durable            (cookie, token)
    POST /undo             the last answer taken back                             (cookie, token)

Importing this module needs FastAPI; `host.py` imports it when a server starts. Its annotations are read by FastAPI, so
they are no mere texts here.
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
    """What was sent, as JSON; half characters and numbers that are none are no JSON."""
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
    """A kind of desk: what its page shows of a question, and how what comes back is checked.

    `check` returns the answer to keep, and raises Refused for what is none.
    """

    name: str
    show: Callable[[Deal], Mapping[str, Any]]
    check: Callable[[Deal, Mapping[str, Any]], Mapping[str, Any]]


class Caller(NamedTuple):
    """Who sent a request."""

    name: str
    token: str


def make_app(desk: AnnotationStore, kind: Kind, hosts: frozenset[str], log: Log) -> Guard:
    """The app for a desk, which answers to these hosts (`name:port`)."""
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
        # The questions first: dealing them changes what waits.
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
    """A file for the browser, and what it is."""

    content: bytes
    kind: str


def shell(kind: str) -> str:
    """The page of a kind of desk; a kind is a name of the program, so nothing is escaped."""
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
    """The words of the interface: by name, then by language."""
    import yaml

    found: dict[str, dict[str, str]] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return found
