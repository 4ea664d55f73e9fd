"""Extract, check and compile translations with Babel, because a fresh machine has no gettext.

python -m echo_portal.checkout.translations compile   .po → .mo, if the .po is newer
python -m echo_portal.checkout.translations update    update the .po from the sources
python -m echo_portal.checkout.translations check     list texts that are missing, unfinished or unused
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
APPS = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"})
KEYWORDS: dict[str, Any] = dict.fromkeys(("_", "gettext", "gettext_lazy"))
KEYWORDS |= dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2))
KEYWORDS |= dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2))

STRING = r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')"""
TRANSLATE = re.compile(rf"""{{%\s*(?:translate|trans)\s+{STRING}(?P<rest>[^%]*)%}}""")
CONTEXT = re.compile(rf"context\s+{STRING}")
UNDERSCORE = re.compile(rf"_\({STRING}\)")
BLOCK = re.compile(r"{%\s*blocktrans(?:late)?(?P<head>[^%]*)%}(?P<body>.*?){%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
PLURAL = re.compile(r"{%\s*plural\s*%}")
LONE_PERCENT = re.compile(r"%(?!\(\w+\)[sd])")
VARIABLE = re.compile(r"{{\s*([\w.]+)[^}]*}}")

Found = tuple[str, int, str | tuple[str, ...], str | None]  # file, line, message or (singular, plural), context


def sources() -> Iterator[Found]:
    """Yield every translatable text in the sources."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _in_python(path)
    for path in sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]):
        yield from _in_template(path)


def _in_python(path: Path) -> Iterator[Found]:
    name = str(path.relative_to(ROOT))
    for line, message, _comments, context in extract("python", BytesIO(path.read_bytes()), keywords=KEYWORDS):
        yield name, line, message, context


def _in_template(path: Path) -> Iterator[Found]:
    name, text = str(path.relative_to(ROOT)), path.read_text()
    for match in TRANSLATE.finditer(text):
        yield name, _line(text, match), _unquoted(match), _context(match["rest"])
    for match in UNDERSCORE.finditer(text):
        yield name, _line(text, match), _unquoted(match), None
    for match in BLOCK.finditer(text):
        parts = [_normalize(part, "trimmed" in match["head"]) for part in PLURAL.split(match["body"])]
        yield name, _line(text, match), parts[0] if len(parts) == 1 else (parts[0], parts[1]), _context(match["head"])


def _context(options: str) -> str | None:
    match = CONTEXT.search(options)
    return (match[1] or match[2]) if match else None


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def _unquoted(match: re.Match[str]) -> str:
    """Return the quoted text as Django looks it up. Django doubles every "%" in a template, even without placeholders."""
    text: str = match[1] if match[1] is not None else match[2]
    return text.replace('\\"', '"').replace("\\'", "'").replace("%", "%%")


def _normalize(body: str, trimmed: bool) -> str:
    """Return the text as Django's tag looks it up: variables as %(name)s, and a trimmed text on one line."""
    text = VARIABLE.sub(r"%(\1)s", body.replace("%", "%%"))
    return re.sub(r"\s*\n\s*", " ", text.strip()) if trimmed else text


def from_sources() -> Catalog:
    catalog = Catalog(locale="fr", project="echo_portal", charset="utf-8", fuzzy=False)
    for file, line, message, context in sources():
        catalog.add(message, locations=[(file, line)], context=context)
    return catalog


def saved_catalog() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="fr")


def update() -> None:
    """Add new texts to the .po and remove unused ones. Does not guess translations (no fuzzy matching)."""
    catalog = saved_catalog() if PO.exists() else Catalog(locale="fr")
    catalog.update(from_sources(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.project, catalog.version, catalog.fuzzy = "echo-portal", "", False
    catalog.header_comment = "# The portal's French, as written in Canada. `make messages` adds new texts."
    PO.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, catalog, width=120, sort_by_file=False, omit_header=False, include_lineno=False)
    PO.write_bytes(
        re.sub(
            rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Report-Msgid-Bugs-To):.*\n',
            b"",
            buffer.getvalue(),
        )
    )
    missing = sum(1 for message in catalog if message.id and not _is_done(message.string))
    print(f"{PO.relative_to(ROOT)}: {len(catalog)} texts, {missing} to translate.")


def find_problems() -> list[str]:
    """List what is wrong in the .po: texts that are missing, unused, empty or fuzzy, and placeholders that differ."""
    catalog, wanted = saved_catalog(), from_sources()
    known = {(m.id, m.context): m for m in catalog if m.id}
    asked = {(m.id, m.context) for m in wanted if m.id}
    found = [f"not in the .po: {key[0]!r}" for key in asked if key not in known]
    found += [f"no longer used: {key[0]!r}" for key in known if key not in asked]
    for key, message in known.items():
        if message.fuzzy or not _is_done(message.string):
            found.append(f"not translated: {key[0]!r}")
        elif problems := _placeholders_differ(message.id, message.string):
            found.append(f"placeholders differ in {key[0]!r}: {problems}")
    return sorted(found)


def _is_done(string: object) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


def _placeholders_differ(message: object, string: object) -> str:
    sources = message if isinstance(message, (tuple, list)) else (message,)
    names = [set(re.findall(r"%\(\w+\)s", text)) for text in sources]
    is_format = any("%(" in text or "%%" in text for text in sources)
    for text in string if isinstance(string, (tuple, list)) else (string,):
        if is_format and LONE_PERCENT.search(str(text).replace("%%", "")):
            return "a % that is not doubled"
        got = set(re.findall(r"%\(\w+\)s", str(text)))
        if got not in names:
            return f"{sorted(got)}"
    return ""


def compile_all() -> None:
    mo = PO.with_suffix(".mo")
    if mo.exists() and mo.stat().st_mtime >= PO.stat().st_mtime:
        return
    with mo.open("wb") as file:
        write_mo(file, saved_catalog())


def main(command: str) -> int:
    if command == "compile":
        compile_all()
    elif command == "update":
        update()
        compile_all()
    elif found := find_problems():
        found.append(f"{len(found)} problems in {PO.relative_to(ROOT)}. `make messages` adds and removes texts.")
        print("\n".join(found), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
