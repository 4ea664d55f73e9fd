"""What is missing in an issue. To be replaced when merged."""

from dataclasses import dataclass

from newsletters.models import Issue


@dataclass(frozen=True)
class Problem:
    code: str
    field: str
    sentence: str
    blocks: bool = True


def check(issue: Issue, *, audience: int | None) -> list[Problem]:
    return [Problem("empty-audience", "audience_topic", "")] if audience == 0 else []


def blocking(problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.blocks]
