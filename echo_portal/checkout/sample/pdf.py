"""A one-page PDF for the sample publication, tagged for screen readers: a title and paragraphs (ISO 32000-1, section 14.8)."""

from collections.abc import Iterator
from textwrap import wrap

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 612, 792, 72  # US Letter, in points
TITLE, HEADING, TEXT = "H1", "H2", "P"
# Font, size, distance of the lines, characters in a line, and the space above, for each kind of paragraph.
STYLES = {TITLE: ("/B", 24, 30, 34, 0), HEADING: ("/B", 14, 20, 60, 14), TEXT: ("/R", 11, 16, 84, 6)}
FIRST_ELEMENT = 9


def make_pdf(title: str, paragraphs: list[tuple[str, str]], language: str) -> bytes:
    """Return the PDF. `paragraphs` are (HEADING or TEXT, words); `language` is a tag such as "fr-CA"."""
    blocks = [(TITLE, title), *paragraphs]
    content = "\n".join(_content(blocks)).encode("cp1252")
    keys = [f"{FIRST_ELEMENT + number} 0 R" for number in range(len(blocks))]
    elements = [
        f"<< /Type /StructElem /S /{kind} /P 8 0 R /Pg 3 0 R /K {number} >>"
        for number, (kind, _words) in enumerate(blocks)
    ]
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        (
            f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) /MarkInfo << /Marked true >> /StructTreeRoot 7 0 R"
            " /ViewerPreferences << /DisplayDocTitle true >> >>"
        ),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}] /Contents 4 0 R /StructParents 0"
            " /Tabs /S /Resources << /Font << /R 5 0 R /B 6 0 R >> >> >>"
        ),
        f"<< /Length {len(content)} >>\nstream\n{content.decode('latin-1')}\nendstream",
        font.format("Helvetica"),
        font.format("Helvetica-Bold"),
        f"<< /Type /StructTreeRoot /K 8 0 R /ParentTree << /Nums [0 [{' '.join(keys)}]] >> >>",
        f"<< /Type /StructElem /S /Document /P 7 0 R /K [{' '.join(keys)}] >>",
        *elements,
        f"<< /Title <FEFF{title.encode('utf-16-be').hex().upper()}> >>",
    ]
    return _assemble(objects)


def _content(blocks: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the drawing instructions: each paragraph is marked content with its number."""
    y = PAGE_HEIGHT - MARGIN
    for number, (kind, words) in enumerate(blocks):
        font, size, leading, width, above = STYLES[kind]
        y -= above
        yield f"/{kind} << /MCID {number} >> BDC BT {font} {size} Tf"
        for line in wrap(words, width):
            y -= leading
            escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            yield f"1 0 0 1 {MARGIN} {y} Tm ({escaped}) Tj"
        yield "ET EMC"


def _assemble(objects: list[str]) -> bytes:
    """Number the objects and write the table of their places. The last one is the document information."""
    content, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    start, count = len(content), len(objects)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    content += f"xref\n0 {count + 1}\n0000000000 65535 f \n{table}".encode()
    content += f"trailer\n<< /Size {count + 1} /Root 1 0 R /Info {count} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return content
