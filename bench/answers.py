"""Whether a variant does the work: its answers, and what the upstream received, compared with what was sent.

Checked before the first round and again after the last, so that no figure stands for a server that
is fast at being wrong.
"""

import http.client

from bench.variants import ANSWER_SECONDS, Running, Scene

SENT = {
    "User-Agent": "Mozilla/5.0 (bench; naftiko)",
    "Referer": "https://shop.example/cart?step=2",
    "Accept-Language": "de-CH, fr;q=0.7",
}


def wrong_answers(running: Running, scene: Scene) -> list[str]:
    """Everything that is not as it must be, in words; empty when all is."""
    found: list[str] = []
    for query in scene.work.odd_queries:
        target = f"{scene.work.path}?{query}" if query else scene.work.path
        scene.upstream.forget()
        found += [f"GET {target}: {fault}" for fault in _faults(running.port, target, scene)]
    return found


def _faults(port: int, target: str, scene: Scene) -> list[str]:
    try:
        status, headers, body = _get(port, target)
    except (OSError, http.client.HTTPException) as error:
        return [f"no answer: {error!r}"]
    expected: dict[str, object] = {"status": 200, "body": scene.work.body, **dict(scene.work.answer_headers)}
    answered: dict[str, object] = {"status": status, "body": body, **headers}
    seen = scene.upstream.seen(1)
    if len(seen) != 1:
        return [
            *_differences("the answer's", expected, answered),
            f"the upstream received it {len(seen)} times",
        ]
    received: dict[str, object] = {
        **SENT,
        "uri": target,
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": f"127.0.0.1:{port}",
        "Cookie": "",
        "Authorization": "",
    }
    return _differences("the answer's", expected, answered) + _differences("the upstream's", received, seen[0])


def _get(port: int, target: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        # Cookies and credentials are the caller's own: sent here to see that no variant passes them on.
        connection.request("GET", target, headers={**SENT, "Cookie": "a=b", "Authorization": "Bearer none"})
        response = connection.getresponse()
        return (
            response.status,
            {name.title(): value for name, value in response.getheaders()},
            response.read(),
        )
    finally:
        connection.close()


def _differences(whose: str, expected: dict[str, object], actual: dict[str, object]) -> list[str]:
    return [
        f"{whose} {name} is {actual.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if actual.get(name) != value
    ]
