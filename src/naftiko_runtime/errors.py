"""Why a call failed: errors of callers, of upstreams and of the configuration.

Every text is for the caller. It says what happened, and has no secret and no address of the operator's network.
`problem_details` maps these classes to HTTP responses, and `exposes.mcp` to results of tools.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class InputFault(Struct, frozen=True):
    """A fault in the input of a call.

    Attributes:
        name: The name of the input. Empty for the whole request.
        place: ``path``, ``query``, ``header``, ``cookie``, ``body`` or ``arguments``.
        detail: What is wrong, and what was expected.
    """

    name: str
    place: str
    detail: str


class CallError(Exception):
    """A failed call; ``str()`` is one sentence for the caller."""


class Rejected(CallError):  # noqa: N818 - named for what happened
    """The input of the caller is invalid; nothing was sent."""

    def __init__(self, *faults: InputFault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{f.place} '{f.name}': {f.detail}" if f.name else f.detail for f in faults))


class TooLarge(CallError):  # noqa: N818 - named for what happened
    """The request body exceeds the limit."""


class UnsupportedCoding(CallError):  # noqa: N818 - named for what happened
    """The request body is compressed, but has to be read."""

    def __init__(self) -> None:
        super().__init__("the request's body is compressed; send it without a Content-Encoding")


class TooSlow(CallError):  # noqa: N818 - named for what happened
    """The caller did not send the body in time."""


class UpstreamError(CallError):
    """The upstream sent no usable response.

    Attributes:
        detail: What happened, for the log: with addresses and causes that callers do not get.
        request_id: An id in the log and in the response, to find one by the other.
    """

    def __init__(self, message: str, detail: str = "", request_id: str = "") -> None:
        self.detail = detail or message
        self.request_id = request_id or os.urandom(8).hex()
        super().__init__(message)


class UpstreamTimeout(UpstreamError):  # noqa: N818 - named for what happened
    """The upstream did not respond within the deadline."""


class UpstreamUnreachable(UpstreamError):  # noqa: N818 - named for what happened
    """There is no connection, it broke, or the response is not HTTP.

    ``str()`` names the kind of failure. ``detail`` also names the host, but no query, header or credential.
    """


class UpstreamOverloaded(UpstreamError):  # noqa: N818 - named for what happened
    """The limit of requests in progress to the upstream is reached; nothing was sent.

    Attributes:
        retry_seconds: When the caller may try again.
    """

    def __init__(self, message: str, retry_seconds: int, detail: str = "", request_id: str = "") -> None:
        super().__init__(message, detail, request_id)
        self.retry_seconds = retry_seconds


class PageError(UpstreamError):
    """A page of a list failed, or exceeds a limit. It ended the call.

    Attributes:
        page: The number of the page; the first is 1.
        status: The status for the caller.
        retry_after: When the caller may try again, as the upstream says; empty if it does not say.
        lasting: Whether the same call fails again: a limit ended it, or the page is not usable.
    """

    def __init__(
        self,
        page: int,
        message: str,
        *,
        status: int = 502,
        retry_after: bytes = b"",
        detail: str = "",
        request_id: str = "",
        lasting: bool = False,
    ) -> None:
        super().__init__(message, detail, request_id)
        self.page = page
        self.status = status
        self.retry_after = retry_after
        self.lasting = lasting


def is_lasting(error: UpstreamError) -> bool:
    """Return whether the same call fails again, as far as one can know: its response came, and is not usable."""
    if isinstance(error, PageError):
        return error.lasting
    return not isinstance(error, UpstreamTimeout | UpstreamUnreachable | UpstreamOverloaded)


class StepError(CallError):
    """A step of a workflow failed, and ended the run.

    Attributes:
        step: The step.
        operation: The consumed operation that it calls; empty if it calls none.
        status: The status for the caller.
        retry_after: When the caller may try again, as the upstream says; empty if it does not say.
        request_id: An id in the log and in the response, to find one by the other.
        item: The index of the item at which it failed; None outside a loop.
        lasting: Whether the same call fails again: a limit ended it, a script, or a response that is not usable.
    """

    def __init__(
        self,
        step: str,
        operation: str,
        problem: str,
        *,
        status: int,
        retry_after: bytes = b"",
        request_id: str = "",
        item: int | None = None,
        lasting: bool = False,
    ) -> None:
        self.step = step
        self.operation = operation
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id or os.urandom(8).hex()
        self.item = item
        self.lasting = lasting
        self._problem = problem
        super().__init__(f"step '{step}' failed{'' if item is None else f' at item {item}'}: {problem}")

    def locate_item(self, item: int) -> StepError:
        """Return the error with the index of the item at which it happened."""
        return self._derive(self._problem, item)

    def locate_in_fallback(self) -> StepError:
        """Return the error as that of what replaces the step."""
        return self._derive(f"its fallback failed too: {self._problem}", self.item)

    def _derive(self, problem: str, item: int | None) -> StepError:
        return StepError(
            self.step,
            self.operation,
            problem,
            status=self.status,
            retry_after=self.retry_after,
            request_id=self.request_id,
            item=item,
            lasting=self.lasting,
        )


class Problem(Struct, frozen=True):
    """A reason not to start. ``str()`` has the form of a finding: ``error: message``, or with the place and the name.

    Attributes:
        message: What is wrong.
        help: What to do about it, if that is not obvious.
        place: ``file:line:column``, if it is about a place of a document.
        slug: The name of the problem, if it has one.
    """

    message: str
    help: str | None = None
    place: str | None = None
    slug: str | None = None

    @property
    def headline(self) -> str:
        """One line without the help."""
        kind = "error" if self.slug is None else f"error[{self.slug}]"
        return f"{kind}: {self.message}" if self.place is None else f"{self.place}: {kind}: {self.message}"

    def __str__(self) -> str:
        return self.headline if self.help is None else f"{self.headline}\n  help: {self.help}"


class BindError(Exception):
    """What was loaded cannot be served; holds every reason. ``str()`` is for a terminal.

    Args:
        problems: The reasons; a plain text is one that concerns no place of a document.
    """

    def __init__(self, problems: Iterable[Problem | str]) -> None:
        self.problems = tuple(one if isinstance(one, Problem) else Problem(one) for one in problems)
        super().__init__("\n".join(map(str, self.problems)))

    @property
    def reason(self) -> str:
        """Every reason on one line, for the log."""
        return "; ".join(one.message if one.place is None else one.headline for one in self.problems)
