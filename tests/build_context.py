"""The files that .dockerignore lets into the image. The last pattern that matches a path or one of its parent folders decides."""

import shutil
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def patterns(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def matches(path: str, pattern: str) -> bool:
    parts = Path(path).parts
    prefixes = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    if pattern.startswith("**/"):
        return any(fnmatchcase(part, pattern[3:]) for part in parts)
    return any(name.count("/") == pattern.count("/") and fnmatchcase(name, pattern) for name in prefixes)


def is_included(path: str, rules: list[str]) -> bool:
    included = True
    for rule in rules:
        if matches(path, rule.removeprefix("!")):
            included = rule.startswith("!")
    return included


def copy(target: Path) -> None:
    """Copy the build context into `target`."""
    rules = patterns((ROOT / ".dockerignore").read_text())
    starts = [ROOT / rule[1:] for rule in rules if rule.startswith("!")]
    for start in starts:
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            name = str(path.relative_to(ROOT))
            if path.is_file() and is_included(name, rules):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target / name)
