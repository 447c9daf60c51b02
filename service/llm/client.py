"""The designer that asks a language model, at any provider that litellm knows or at an OpenAI-compatible server."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Final

from service.llm.contract import DesignerMisconfigured, DesignerRefused, DesignerUnreachable, DesignRequest, Reply
from service.llm.names import name_fault, not_a_model
from service.llm.retry import Clock, SystemClock, TransientFault, ask_again
from service.llm.secrets import scrubbed
from service.llm.usage import usage_of
from service.schema import Message

if TYPE_CHECKING:
    import openai
    from litellm import ModelResponse

_RETRIED_STATUSES: Final = frozenset({408, 409, 425, 429})
_KEYLESS: Final = frozenset({"OLLAMA_API_BASE"})
_NO_KEY_NEEDED: Final = "no-key-needed"
_REACH_SECONDS: Final = 10.0


@dataclass(frozen=True)
class LiteLLMDesigner:
    """One request per reward to `model`, a litellm name such as `openai/gpt-4o` or `ollama/llama3`.

    `base_url`: an OpenAI-compatible server to ask instead of the provider's own. Keys come from the environment alone.
    `timeout_seconds` holds for each attempt; there are `retries` more after the first.
    """

    model: str
    temperature: float
    base_url: str | None
    timeout_seconds: float
    retries: int
    clock: Clock = field(default_factory=SystemClock)

    @property
    def name(self) -> str:
        """The model's litellm name."""
        return self.model

    def check(self) -> None:
        """Whether provider, key and server are there; asks the model for nothing.

        Raises `DesignerMisconfigured` for a provider that litellm does not know or a key that is not in the environment,
        `DesignerUnreachable` where no server answers at `base_url`.
        """
        if (fault := name_fault(self.model)) is not None:
            raise DesignerMisconfigured(fault)
        import openai

        try:
            _litellm().get_llm_provider(model=self.model)
        except openai.OpenAIError:
            raise DesignerMisconfigured(not_a_model(self.model)) from None
        if self.base_url is not None:
            self._reach(self.base_url)
        elif missing := self._missing_variables():
            raise DesignerMisconfigured(
                f"model {self.model}: expected its key in the environment variable {' or '.join(missing)}, which is not set "
                "or empty; export it, or choose the `offline` designer, which needs none"
            )

    def design(self, request: DesignRequest) -> Reply:
        """One completion of the request's messages, as the model wrote it, even if it was cut short.

        Raises `DesignerUnreachable` after all retries of 429, 5xx, time-outs and lost connections, `DesignerRefused` else.
        """
        response, seconds = ask_again(lambda: self._ask(request.messages), self.retries, self.clock)
        text = _storable(response.choices[0].message.content or "")
        origin = "proposed" if request.rejected is None else "repaired"
        return Reply(
            text, usage_of(response, seconds), origin, tuple(parent.candidate_id for parent in request.parents)
        )

    def _ask(self, messages: tuple[Message, ...]) -> tuple[ModelResponse, float]:
        import openai

        litellm = _litellm()
        started = time.perf_counter()
        try:
            response: ModelResponse = litellm.completion(
                model=self.model,
                messages=[message.model_dump() for message in messages],
                temperature=self.temperature,
                timeout=self.timeout_seconds,
                base_url=self.base_url,
                api_key=_NO_KEY_NEEDED if self.base_url is not None and self._missing_variables() else None,
                num_retries=0,
                max_retries=0,
                stream=False,
            )
        except openai.OpenAIError as error:
            raise self._read(error) from None
        if not response.choices:
            raise TransientFault(f"model {self.model}: the answer holds no choices", None)
        return response, time.perf_counter() - started

    def _read(self, error: openai.OpenAIError) -> TransientFault | DesignerRefused:
        """Which fault of ours an error of litellm's is; none of its text leaves unscrubbed."""
        status = getattr(error, "status_code", None)
        message = f"model {self.model}: {scrubbed(str(error))}"
        if status == 429 and "insufficient_quota" in str(error):
            return DesignerRefused(f"{message}; the account has no quota left: retrying will not help")
        if not isinstance(status, int) or status in _RETRIED_STATUSES or status >= 500:
            headers = getattr(error, "litellm_response_headers", None) or {}
            return TransientFault(message, headers.get("retry-after"))
        hint = (
            f"; is the key in {' or '.join(self._key_names())} right?"
            if status in (401, 403) and self._key_names()
            else ""
        )
        return DesignerRefused(f"{message} (HTTP {status}){hint}")

    def _missing_variables(self) -> list[str]:
        _forget_empty_keys()
        known = _litellm().validate_environment(model=self.model)
        return [] if known["keys_in_environment"] else [name for name in known["missing_keys"] if name not in _KEYLESS]

    def _key_names(self) -> list[str]:
        provider = _litellm().get_llm_provider(model=self.model)[1].upper()
        return sorted(name for name in os.environ if name.startswith(provider) and "KEY" in name)

    def _reach(self, base_url: str) -> None:
        import httpx

        try:
            httpx.get(f"{base_url.rstrip('/')}/models", timeout=min(self.timeout_seconds, _REACH_SECONDS))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise DesignerMisconfigured(
                f"base URL {scrubbed(base_url)!r}: expected a URL as in http://localhost:8000/v1"
            ) from None
        except httpx.TransportError as error:
            raise DesignerUnreachable(
                f"model {self.model}: no server answers at {scrubbed(base_url)} ({scrubbed(str(error)) or type(error).__name__}); "
                "start it, or mend the base URL in the settings"
            ) from None


def _storable(text: str) -> str:
    """`text` as a database can hold it: NUL and lone surrogates, which JSON may carry, become the replacement character."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _forget_empty_keys() -> None:
    """Takes keys that are set to nothing out of the environment: litellm asks only whether a variable is there."""
    for name in tuple(os.environ):
        if name.endswith("_API_KEY") and os.environ.get(name) == "":
            os.environ.pop(name, None)  # another thread may have been first


@cache
def _litellm() -> ModuleType:
    """litellm with its own price table instead of a download, and nothing reported to anyone. Importing it takes seconds."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # or it would read a .env of its own from whatever folder this is
    import litellm

    litellm.suppress_debug_info = True
    litellm.drop_params = True
    litellm.turn_off_message_logging = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):  # what they say goes the way of everybody's log
        logging.getLogger(name).handlers.clear()
    litellm.callbacks, litellm.success_callback, litellm.failure_callback = [], [], []
    return litellm
