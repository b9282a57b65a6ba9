"""One request to a server through the `openai` SDK. It ends in an answer, or in a failure that says what to do next.

The SDK's own retries are disabled: `request_scheduler.py` decides about all retries. Responses are parsed here from
their bytes, since some servers send JSON that only resembles what the SDK expects.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ecominstruct.config.servers import ServerSpec
from ecominstruct.errors import input_error
from ecominstruct.models.base import valid
from ecominstruct.models.cache import Answer
from ecominstruct.models.costs import Usage, estimate_tokens
from ecominstruct.models.rate_limiter import told_wait

LARGEST = 16 * 2**20  # bytes of a response
LONGEST_PAUSE = 600.0  # the longest `Retry-After` in seconds that is followed; a longer one ends the work
RETRIED = (408, 409, 425, 429)  # besides every status from 500
TOO_MUCH = (429, 503, 529)
NO_KEY = "none"  # sent to servers without a key, since the SDK requires one
_ABOUT_US = tuple(
    f"X-Stainless-{name}" for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
)
_ABOUT_THE_CALL = ("X-Stainless-Retry-Count", "X-Stainless-Read-Timeout")
_MARKUP = re.compile(r"<[^<>]*>")


class Question(NamedTuple):
    """A question: the key of its answer in the cache, the prompt, and the expected tokens."""

    key: str
    prompt: str
    about: Usage
    drawn: Mapping[str, Any] = MappingProxyType({})  # sampling fields of this request
    subject: str = ""  # the subject, stored with the answer (`Entry.about`)


class Failure(Exception):
    """A request without an answer: `what` went wrong, and what follows for the next requests."""

    def __init__(
        self,
        what: str,
        *,
        again: bool = False,  # a retry may succeed
        ends: bool = False,  # no request can succeed until somebody fixes this
        too_much: bool = False,  # the server asks for fewer requests
        after: float | None = None,  # seconds to wait, as told by the server
        charged: bool = False,  # the server may have generated an answer and may charge for it
    ) -> None:
        super().__init__(what)
        self.what, self.again, self.ends, self.too_much = what, again, ends, too_much
        self.after, self.charged = after, charged


class Caller:
    """A client of one server, open for its `async with` block. Its API key appears in no text that it returns or
    raises.
    """

    def __init__(self, spec: ServerSpec) -> None:
        """Raises InputError if the SDK is not installed or the environment holds no key."""
        try:
            import aiohttp  # the SDK needs half the processor time with this transport
            import openai
        except ImportError:
            raise input_error(
                "servers are asked through the openai SDK", "pip install 'ecominstruct[openai]'"
            ) from None
        self._sdk, self._aiohttp = openai, aiohttp
        self._as_it_comes = openai.AsyncStream[object]  # the SDK's typed methods would double the time of a request
        self._spec = spec
        self._key = _key_of(spec)
        # Do not follow redirects: prompts and keys go only to the address in the recipe.
        http = openai.DefaultAioHttpClient(follow_redirects=False, timeout=spec.timeout)
        # Skip the SDK's telemetry about this machine, which costs 10 % of the time.
        nothing: dict[str, Any] = dict.fromkeys(_ABOUT_US, openai.Omit())
        self._client = openai.AsyncOpenAI(
            api_key=self._key,
            base_url=spec.url,
            timeout=spec.timeout,
            max_retries=0,
            http_client=http,
            default_headers={**nothing, "User-Agent": "ecominstruct"},
        )
        self._options: Any = {"headers": dict.fromkeys(_ABOUT_THE_CALL, openai.Omit())}

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(self, *what: object) -> None:
        await self._client.close()

    async def call(self, question: Question) -> Answer:
        """Send one request. Raises Failure if it gives no answer within the timeout of the server's section."""
        try:
            async with asyncio.timeout(self._spec.timeout):
                content = await self._post(question)
        except self._sdk.APIStatusError as error:
            raise self._refused(error) from None
        except (TimeoutError, self._sdk.APIConnectionError) as error:
            raise self._broken(error) from None
        try:
            return self._read(content, question)
        except (ValueError, RecursionError) as error:
            what = f"the response is no answer: {_short(self._clean(str(error)))}"
            raise Failure(what, again=True, charged=True) from None

    async def _post(self, question: Question) -> bytes:
        """The body of the response, unparsed."""
        content = bytearray()
        path, body = request(self._spec, question)
        try:
            stream = await self._client.post(
                path, body=body, options=self._options, cast_to=object, stream=True, stream_cls=self._as_it_comes
            )
            try:
                async for chunk in stream.response.aiter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise Failure(f"the response has more than {LARGEST:,} bytes", again=True, charged=True)
            finally:
                await stream.response.aclose()  # also if reading stopped halfway
        except Exception as error:
            if not type(error).__module__.startswith(("httpx", "aiohttp")):
                raise
            # From the HTTP libraries below the SDK, which wraps errors before the body arrives but none later.
            raise Failure(f"the response broke off ({type(error).__name__})", again=True, charged=True) from None
        return bytes(content)

    def _read(self, content: bytes, question: Question) -> Answer:
        """Parse the answer in a response. Raises ValueError that says what is wrong with it."""
        data = _json_of(content)
        choices = data.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise ValueError(_said(data.get("error")) or "it holds no choice")
        choice = choices[0]
        text = self._clean(_text_of(choice))
        finish = choice.get("finish_reason")
        served = data.get("model")
        usage, counted = _usage_of(data.get("usage"))
        if not counted:
            usage = Usage(question.about.prompt, estimate_tokens(text))
        return Answer(
            text=text,
            finish=self._clean(finish)[:40] if isinstance(finish, str) and finish else "stop",
            served=self._clean(served)[:200] if isinstance(served, str) else "",
            usage=usage,
            estimated=not counted,
        )

    def _broken(self, error: BaseException) -> Failure:
        """Classify a failed connection by aiohttp's own error: the layers above report a broken connection as a
        timeout.
        """
        cause = _cause(error)
        late = f"no answer within {self._spec.timeout:g} s"
        if isinstance(cause, self._aiohttp.ClientConnectorError):
            return Failure(f"cannot be reached: {_short(self._clean(str(cause)))}", again=True, ends=True)
        if isinstance(cause, self._aiohttp.ConnectionTimeoutError):
            return Failure(f"cannot be reached: {late}", again=True, ends=True)
        if isinstance(cause, TimeoutError):
            return Failure(late, again=True, charged=True)
        return Failure(f"the connection broke ({type(cause).__name__})", again=True, charged=True)

    def _refused(self, error: Any) -> Failure:
        status, spec = error.status_code, self._spec
        said = _short(self._clean(_said(error.body)))
        what = f"it says {status}" + (f": {said}" if said else "")
        if status in (401, 403):
            whose = (
                f"the key in {spec.key_env}" if spec.key_env else "calls without a key, and the recipe has no key_env"
            )
            return Failure(f"refuses {whose}: {what}", ends=True)
        if status == 404:
            return Failure(f"knows no model {spec.model!r}, or no such address: {what}", ends=True)
        if status == 402 or error.code == "insufficient_quota":
            return Failure(f"wants to be paid first: {what}", ends=True)
        if 300 <= status < 400:
            where = _short(self._clean(error.response.headers.get("location", "")))
            return Failure(f"sends one on to {where!r}; write the address that is meant as `url`", ends=True)
        if status not in RETRIED and status < 500:
            return Failure(what, ends=status == 405)
        after = told_wait(error.response.headers.get("retry-after"), time.time())
        if after is not None and after > LONGEST_PAUSE:
            return Failure(f"wants to be left alone for {after:,.0f} seconds: {what}", ends=True)
        return Failure(what, again=True, too_much=status in TOO_MUCH, after=after)

    def _clean(self, text: str) -> str:
        """Make text from a server safe to store and show: valid Unicode, and without the key, even if the server echoes
        it.
        """
        text = valid(text)
        return text.replace(self._key, "[key]") if self._key != NO_KEY else text


def messages(spec: ServerSpec, prompt: str) -> list[dict[str, str]]:
    """A prompt as chat messages."""
    said = [{"role": "system", "content": spec.system}] if spec.system else []
    return [*said, {"role": "user", "content": prompt}]


def request(spec: ServerSpec, question: Question) -> tuple[str, dict[str, Any]]:
    """The path and the body of the request for a question."""
    body = {"model": spec.model, **sampling(spec), **spec.body, **question.drawn}
    prompt = question.prompt
    if spec.endpoint == "chat":
        return "/chat/completions", {**body, "messages": messages(spec, prompt)}
    return "/completions", {**body, "prompt": f"{spec.system}\n\n{prompt}" if spec.system else prompt}


def sampling(spec: ServerSpec) -> dict[str, Any]:
    """The sampling fields of a request; unset ones are not sent."""
    fields = {name: getattr(spec, name) for name in ("temperature", "top_p", "seed", "max_tokens", "stop")}
    return {name: value for name, value in fields.items() if value is not None and value != []}


def _cause(error: BaseException) -> BaseException:
    """The first aiohttp error in the chain of causes, or else the error itself."""
    found: BaseException | None = error
    while found is not None and not type(found).__module__.startswith("aiohttp"):
        found = found.__cause__
    return found or error


def _key_of(spec: ServerSpec) -> str:
    """The API key from the environment. Raises InputError, which does not contain the key, if it is missing or
    malformed.
    """
    if spec.key_env is None:
        return NO_KEY
    key = os.environ.get(spec.key_env, "").strip()
    if not key:
        raise input_error(f"the environment variable {spec.key_env} holds no key", f"Set it: export {spec.key_env}=…")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise input_error(f"what {spec.key_env} holds is no key: it has blanks or odd characters", "Copy the key again")
    return key


def _json_of(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise ValueError("it is empty")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError(f"it is no JSON: {_said(content.decode('utf-8', 'replace'))}") from None
    if not isinstance(data, dict):
        raise ValueError("its JSON is no object")
    return data


def _text_of(choice: dict[str, Any]) -> str:
    """The text of a choice. A refusal counts as an answer, and `null` as an empty one."""
    message = choice.get("message")
    found = choice.get("text") if message is None else message.get("content") if isinstance(message, dict) else 0
    if found is None and isinstance(message, dict):
        found = message.get("refusal") or ""
    if isinstance(found, list):  # a list of parts
        found = "".join(part["text"] for part in found if isinstance(part, dict) and isinstance(part.get("text"), str))
    if not isinstance(found, str):
        raise ValueError("its choice holds no text")
    return found


def _usage_of(usage: Any) -> tuple[Usage, bool]:
    """The token counts reported by the server, and whether it reported any."""
    if not isinstance(usage, dict):
        return Usage(), False
    found: list[Any] = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    counted = all(type(count) is int and 0 <= count < 2**31 for count in found)
    return (Usage(*found), True) if counted else (Usage(), False)


def _said(body: Any) -> str:
    """The error message in the body of a response."""
    if isinstance(body, dict):
        body = next((body[name] for name in ("message", "error", "detail") if body.get(name)), "")
    if isinstance(body, dict):
        body = body.get("message", "")
    return body if isinstance(body, str) else ""


def _short(text: str) -> str:
    """Shorten text and strip markup so that it fits into one line."""
    text = " ".join(_MARKUP.sub(" ", text[:100_000]).split())
    return text if len(text) <= 200 else text[:199] + "…"
