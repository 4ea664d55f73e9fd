"""What .dockerignore lets into the image, read by its rules: the last pattern that matches a path or a folder above it decides."""

import shutil
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def patterns(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def matches(path: str, pattern: str) -> bool:
    parts = Path(path).parts
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    if pattern.startswith("**/"):
        return any(fnmatchcase(part, pattern[3:]) for part in parts)
    return any(name.count("/") == pattern.count("/") and fnmatchcase(name, pattern) for name in above)


def is_included(path: str, rules: list[str]) -> bool:
    included = True
    for rule in rules:
        if matches(path, rule.removeprefix("!")):
            included = rule.startswith("!")
    return included


def copy(target: Path) -> None:
    """Put what the build would be given into `target`."""
    rules = patterns((ROOT / ".dockerignore").read_text())
    named = [ROOT / rule[1:] for rule in rules if rule.startswith("!")]
    for start in named:
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            name = str(path.relative_to(ROOT))
            if path.is_file() and is_included(name, rules):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target / name)
