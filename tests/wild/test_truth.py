"""``validate`` is right: it reports an error if ``run`` refuses a file, and a file without errors is served whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.plan import McpServer, RestServer
from naftiko_runtime.rules import Severity
from wild.author import understand
from wild.refusals import concerning, in_imports, within
from wild.report import Totals
from wild.run import CORPUS, totals
from wild.serving import capability_files
from wild.verdict import FileReport, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.plan import Plan
    from wild.author import Exposed

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
FEATURES = HERE / "features"
CHECKED = Overrides(lint=True)
"""How ``validate`` reads a file."""
RUN = Overrides(skip_broken=True)
"""How ``run --skip-broken`` does."""
SERVED = ("served", "mock")


def errors_of(path: Path) -> list[Diagnostic]:
    """What ``validate`` calls an error in a file."""
    return [found for found in load(path, CHECKED).diagnostics if found.severity is Severity.ERROR]


def may_run(path: Path) -> bool:
    """Whether ``validate`` says so: without an error, and not that it can only be imported."""
    found = load(path, CHECKED).diagnostics
    return not any(one.severity is Severity.ERROR or one.rule.slug == "import-only" for one in found)


def is_served(plan: Plan | None, exposed: Exposed) -> bool:
    """Whether ``run`` has an operation on its routes, or among its tools."""
    for server in plan.servers if plan is not None else ():
        if server.namespace == exposed.namespace and isinstance(server, RestServer) == (exposed.kind == "rest"):
            if isinstance(server, RestServer):
                place = (exposed.method, str(exposed.resource.get("path")))
                return place in {(route.method, route.path) for route in server.routes}
            return isinstance(server, McpServer) and exposed.name in {tool.name for tool in server.tools}
    return False


def list_contradictions(path: Path, errors: list[Diagnostic]) -> Iterator[str]:
    """Operations that ``run`` refuses and the errors say nothing of, or the other way round."""
    author, plan = understand(path), load(path, RUN).plan
    for exposed in author.exposed:
        called = (author.consumed.get(str(call["call"])) for call in exposed.calls())
        known = [consumed for consumed in called if consumed is not None]
        concerned = concerning(errors, path, exposed, known) or in_imports(errors, path, exposed)
        place = f"{path}:{exposed.own.first}: {exposed.name}"
        if not is_served(plan, exposed) and not concerned:
            yield f"{place} is refused without an error"
        elif is_served(plan, exposed) and (ignored := within(errors, path, exposed)):
            yield f"{place} is served in spite of {ignored[0].message}"


def list_unmet_claims(folder: Path, found: Totals) -> Iterator[str]:
    """Operations of documents without errors that are not served, or not as they were meant."""
    sound = {str(file.relative_to(folder)) for file in capability_files(folder) if may_run(file)}
    for report in found.files:
        if report.file in sound:
            yield from (f"{report.file}: {error}" for error in (*report.errors, *filter(None, [report.crash])))
            kept = (*SERVED, "unjudged")
            yield from (f"{v.file}:{v.line}: {v.kind}: {v.reason}" for v in report.verdicts if v.kind not in kept)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus is not at {CORPUS}")
def test_what_run_refuses_of_files_written_by_others_has_an_error() -> None:
    assert [found for file in capability_files(CORPUS) for found in list_contradictions(file, errors_of(file))] == []


def test_files_written_by_others_without_an_error_are_served_whole(corpus_totals: Totals) -> None:
    assert list(list_unmet_claims(CORPUS, corpus_totals)) == []
    sound = [report for report in corpus_totals.files if report.verdicts and not report.errors]
    assert len(sound) > 50  # otherwise it would be true of nothing


@pytest.mark.parametrize("file", capability_files(SAMPLES), ids=lambda file: file.name)
def test_what_run_refuses_of_a_sample_has_an_error(file: Path) -> None:
    assert list(list_contradictions(file, errors_of(file))) == []


async def test_samples_without_an_error_are_served_whole() -> None:
    assert list(list_unmet_claims(SAMPLES, await totals(SAMPLES))) == []


@pytest.mark.parametrize("file", sorted(FEATURES.glob("*.yml")), ids=lambda file: file.name)
def test_a_document_in_the_specification_s_words_has_no_finding(file: Path) -> None:
    assert [f"{found.span}: {found.rule.slug}: {found.message}" for found in load(file, CHECKED).diagnostics] == []


async def test_what_the_specification_has_is_served() -> None:
    found = await totals(FEATURES)
    assert [v.reason for v in found.verdicts if v.kind not in SERVED] == []
    assert Counter(v.kind for v in found.verdicts) == {"served": 28, "mock": 2}


# -- that a contradiction would be seen ----------------------------------------------------------------------------


def test_a_refusal_without_an_error_is_seen() -> None:
    file = SAMPLES / "refused.yml"
    unreported = [error for error in errors_of(file) if error.rule.slug != "unbound-variable"]
    assert any("GET /b is refused without an error" in found for found in list_contradictions(file, unreported))


def test_an_error_that_run_ignores_is_found() -> None:
    file = SAMPLES / "refused.yml"
    sound = next(exposed for exposed in understand(file).exposed if exposed.name == "GET /a")
    error = errors_of(file)[0]
    place = replace(error, span=Span(str(file), sound.own.first, 1, sound.own.first, 2))
    assert any(
        f"GET /a is served in spite of {error.message}" in found
        for found in list_contradictions(file, [*errors_of(file), place])
    )


def test_an_unmet_claim_is_found() -> None:
    found = Totals([FileReport("served.yml", [Verdict("served.yml", 7, "rest a", "GET /", "refused", "because")])])
    assert list(list_unmet_claims(SAMPLES, found)) == ["served.yml:7: refused: because"]
