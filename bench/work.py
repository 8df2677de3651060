"""What is asked of every variant: one route, its answer, queries that show whether they pass unchanged."""

from dataclasses import dataclass

GIF = bytes.fromhex(
    "47494638396101000100800100000000ffffff21f90401000001002c00000000010001000002024c01003b",
)


@dataclass(frozen=True, slots=True)
class Work:
    """One route; its path is the same at the variant and at the upstream."""

    name: str
    path: str
    query: str
    odd_queries: tuple[str, ...]
    body: bytes
    answer_headers: tuple[tuple[str, str], ...]

    @property
    def target(self) -> str:
        """The request target that wrk sends."""
        return f"{self.path}?{self.query}"


PIXEL = Work(
    name="pixel",
    path="/v1/pixel/track",
    query="data=eyJldmVudCI6ImJlbmNoIiwidXNlcklkIjoiMSJ9%2B%2F+/==",
    odd_queries=(
        "data=aGVsbG8+d29ybGQ/Pz8=",
        "data=a%2Bb%2fc%3D%3d&data=second&empty=&flag",
        "data=%C3%A9%20+%00!*'();:@,$~",
        "",
    ),
    body=GIF,
    answer_headers=(("Content-Type", "image/gif"), ("Cache-Control", "no-store, max-age=0")),
)
