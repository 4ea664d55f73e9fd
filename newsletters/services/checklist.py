"""What is still wrong with an issue: problems that block its sending, and what deserves a look."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.languages import LANGUAGES
from newsletters.blocks import read_block
from newsletters.links import Fault, find_fault, language_of
from newsletters.markdown import References, picture_key, references
from newsletters.models import Issue, Picture
from outbox.sender import has_postal_address

# Phones show about forty characters of a subject, and mail apps on a desk seventy.
LONG_SUBJECT = 70


@dataclass(frozen=True)
class Problem:
    """One thing to look at. `field` is what to edit: the name of a field, "pictures", or nothing if it isn't in the issue.
    `blocks` says whether the issue can be sent with it."""

    code: str
    field: str
    sentence: str
    blocks: bool = True

    @property
    def anchor(self) -> str:
        """Where the field is on the issue's page in the admin."""
        return "pictures-group" if self.field == "pictures" else self.field and f"id_{self.field}"


def check(issue: Issue, *, audience: int | None) -> list[Problem]:
    """Return the problems of the issue, those that block first. `audience` is the number of people it would go to, or None
    before anyone has counted."""
    pictures = {picture.pk: picture for picture in Picture.objects.filter(issue=issue.pk).defer("content")}
    found = [*_sender(), *_pictures(pictures)]
    for language in LANGUAGES:
        body = getattr(issue, f"body_{language}")
        found += [*_texts(issue, language), *_references(references(body), language, pictures)]
    if audience == 0:
        sentence = _("Nobody would receive this issue. Check the audience.")
        found.append(Problem("empty-audience", "audience_topic", sentence))
    return sorted(found, key=lambda problem: not problem.blocks)


def blocking(problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.blocks]


def _sender() -> Iterator[Problem]:
    if not has_postal_address():
        sentence = _(
            "The law requires the sender’s postal address in every newsletter, and it isn’t set. Ask the people who run"
            " the portal to set it (POSTAL_ADDRESS)."
        )
        yield Problem("no-postal-address", "", sentence)


def _texts(issue: Issue, language: str) -> Iterator[Problem]:
    title, preview, body = (getattr(issue, f"{name}_{language}").strip() for name in ("title", "preview", "body"))
    name = _in(language)
    if not title:
        yield Problem("no-title", f"title_{language}", _("The subject is missing %(in)s.") % {"in": name})
    if not body:
        yield Problem("no-text", f"body_{language}", _("The text is missing %(in)s.") % {"in": name})
    if len(title) > LONG_SUBJECT:
        sentence = _("The subject %(in)s is long. Email apps cut it off after about %(n)s characters.")
        facts = {"in": name, "n": LONG_SUBJECT}
        yield Problem("long-subject", f"title_{language}", sentence % facts, blocks=False)
    if not preview:
        sentence = _("There is no preview line %(in)s. Email apps will show the first words of the email instead.")
        yield Problem("no-preview", f"preview_{language}", sentence % {"in": name}, blocks=False)


def _in(language: str) -> str:
    return _("in French") if language == "fr" else _("in English")


def _pictures(pictures: dict[int, Picture]) -> Iterator[Problem]:
    for picture in pictures.values():
        for language in LANGUAGES:
            if not getattr(picture, f"alt_{language}").strip():
                sentence = _("Picture %(number)s has no description %(in)s, for people who can’t see it.")
                facts = {"number": picture.pk, "in": _in(language)}
                yield Problem("no-alt", "pictures", sentence % facts)


def _references(found: References, language: str, pictures: dict[int, Picture]) -> Iterator[Problem]:
    field = f"body_{language}"
    for source, _alt in found.pictures:
        key = picture_key(source)
        if key is None:
            sentence = _("The text shows a picture from another site: %(source)s. Upload it here instead.")
            yield Problem("picture-elsewhere", field, sentence % {"source": source})
        elif key not in pictures:
            sentence = _("The text shows picture %(number)s, which this issue doesn’t have.")
            yield Problem("unknown-picture", field, sentence % {"number": key})
    for words in found.blocks:
        if read_block(words) is None:
            yield Problem("unknown-block", field, _("There is no block called “%(name)s”.") % {"name": words.strip()})
    for link in dict.fromkeys(found.links):
        yield from _link(link, language, field)


def _link(link: str, language: str, field: str) -> Iterator[Problem]:
    fault = find_fault(link)
    if fault:
        yield Problem(f"link-{fault}", field, _fault_sentence(fault) % {"link": link})
    elif (language_of(link) or language) != language:
        sentence = _("This link leads to a page in the other language: %(link)s")
        yield Problem("link-language", field, sentence % {"link": link}, blocks=False)


def _fault_sentence(fault: Fault) -> str:
    match fault:
        case Fault.BROKEN:
            return _("No page of the portal has this address: %(link)s")
        case Fault.HIDDEN:
            return _("This link leads to a page that isn’t public: %(link)s")
        case Fault.PERSONAL:
            return _("This link leads to a page that is not for everyone: %(link)s")
        case Fault.INCOMPLETE:
            return _(
                "This link is incomplete: %(link)s. Start it with https:// or, for a page of the portal, with /en/ or /fr/."
            )
