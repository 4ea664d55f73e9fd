"""Issues of the newsletter in the admin: both languages side by side, with a preview, pictures and a checklist."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_replace
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from accounts.choices import Profession
from accounts.fields import ProvincesField, choices_field
from accounts.languages import LANGUAGES, Text
from accounts.limits import within_limits
from newsletters.admin.audience import TOPIC_CHOICES, TOPIC_HINT
from newsletters.admin.forms import IssueForm, PictureForm
from newsletters.admin.sending_mixin import SendingMixin
from newsletters.blocks import WRITTEN
from newsletters.emails.issues import filled
from newsletters.models import PUBLIC_STATES, Issue, Picture
from newsletters.rendering import render_body, render_issue
from newsletters.services.checklist import check
from newsletters.services.writing import duplicate, send_test
from sessions_app.admin.review import staff_user

BLOCK_LABELS = {"upcoming_sessions": _("Insert upcoming sessions"), "new_hubs": _("Insert new hubs")}
MARKDOWN_HINT = _(
    "Write ## before a heading, * before the items of a list, **bold**, and [words of a link](https://example.ca). Leave an empty line between paragraphs."
)
# The email in a frame: its own styles, the pictures of the portal, and nothing that runs. The cookies go along, because a
# picture of a draft is shown only to staff.
EMAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF, settings.SITE_URL],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-same-origin"],
}


class PictureInline(admin.StackedInline):
    model = Picture
    form = PictureForm
    extra = 1
    readonly_fields = ["shown"]
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        file = ["file"] if self._is_editable(obj) else []
        return ["shown", *file, "alt_en", "alt_fr"]

    @admin.display(description=_("Picture"))
    def shown(self, picture: Picture) -> SafeString | str:
        if not picture.pk:
            return "–"
        image = '<img src="{}" alt="{}" class="issue-picture"><br><code>{}</code>'
        return format_html(image, picture.get_absolute_url(), picture.alt, picture.markdown)

    def _is_editable(self, issue: Issue | None) -> bool:
        return issue is None or issue.is_editable

    def has_add_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        return super().has_add_permission(request, obj) and self._is_editable(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_editable(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_editable(obj)


@admin.register(Issue)
class IssueAdmin(SendingMixin):
    form = IssueForm
    inlines = [PictureInline]
    list_filter = ["state"]
    search_fields = ["title_en", "title_fr"]
    prepopulated_fields = {"slug": ["title_en"], "slug_fr": ["title_fr"]}
    filter_horizontal = ["audience_hubs"]
    readonly_fields = ["state", "scheduled_at", "published_at"]
    fieldsets = [
        (
            _("What it says"),
            {
                "fields": [
                    ("title_en", "title_fr"),
                    ("preview_en", "preview_fr"),
                    ("body_en", "body_fr"),
                    ("slug", "slug_fr"),
                    "seen",
                ],
                "classes": ["side-by-side"],
                "description": MARKDOWN_HINT,
            },
        ),
        (
            _("Whom it goes to"),
            {
                "fields": [
                    "audience_topic",
                    "audience_languages",
                    "audience_professions",
                    "audience_provinces",
                    "audience_hubs",
                ],
                "description": _("If nothing is selected in a list, it doesn’t limit who gets the issue."),
                "classes": ["collapse"],
            },
        ),
        (_("When it goes"), {"fields": ["state", "scheduled_at", "published_at"]}),
    ]

    class Media:
        js = ["admin/issue-editor.js"]
        css = {"all": ["admin/portal-admin.css", "admin/issues.css"]}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        choices: dict[str, Any] = {
            "audience_languages": settings.LANGUAGES,
            "audience_professions": Profession.choices,
        }
        if db_field.name in choices:
            return choices_field(db_field, choices=choices[db_field.name])
        if db_field.name == "audience_provinces":
            return choices_field(db_field, ProvincesField)
        if db_field.name == "audience_topic":
            kwargs |= {"choices": TOPIC_CHOICES, "help_text": TOPIC_HINT}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """From its first email on, an issue stays as it was sent."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_editable)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        return obj.get_absolute_url() if isinstance(obj, Issue) and obj.state in PUBLIC_STATES else None

    def save_model(self, request: HttpRequest, obj: Issue, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = staff_user(request)
        super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        issue = kwargs.get("obj")
        context |= {
            "blocks": [
                (label, *(f"[[{WRITTEN[language][name]}]]" for language in LANGUAGES))
                for name, label in BLOCK_LABELS.items()
            ],
            "issue_pictures": issue.pictures.defer("content") if issue else [],
            "problems": check(issue, audience=None) if issue and issue.is_editable else [],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Issue, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._to_preview(request, obj) or super().response_add(request, obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Issue) -> HttpResponse:
        return self._to_preview(request, obj) or super().response_change(request, obj)

    def _to_preview(self, request: HttpRequest, issue: Issue) -> HttpResponse | None:
        return redirect("admin:newsletters_issue_preview", issue.pk) if "_preview" in request.POST else None

    # The other pages of an issue

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[Any, str]] = {
            "live-preview/": (self.live_preview, "live_preview"),
            "<int:pk>/preview/": (self.preview, "preview"),
            "<int:pk>/preview/<str:language>/": (self.preview_email, "preview_email"),
            "<int:pk>/test/": (self.test, "test"),
            "<int:pk>/duplicate/": (self.duplicate, "duplicate"),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"newsletters_issue_{name}")
            for route, (view, name) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def _issue(self, request: HttpRequest, pk: int, permission: str = "view") -> Issue:
        if not request.user.has_perm(f"newsletters.{permission}_issue"):
            raise Http404
        return get_object_or_404(Issue, pk=pk)

    @method_decorator(require_POST)
    def live_preview(self, request: HttpRequest) -> HttpResponse:
        """Return the text that is being written as HTML, without saving anything. The editor's script shows it."""
        language, issue = request.POST.get("language"), request.POST.get("issue", "")
        if not request.user.has_perm("newsletters.view_issue") or language not in LANGUAGES:
            raise Http404
        key = int(issue) if issue.isascii() and issue.isdecimal() and len(issue) < 19 else None  # noqa: PLR2004 - bigint
        with translation.override(language):
            body = render_body(key, Text(request.POST.get("body", ""), language), now=timezone.now())
        return HttpResponse(body, headers={"Cache-Control": "no-store"})

    @method_decorator([require_safe, csp_replace({"frame-src": [SELF]})])
    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the email as on a phone, on a desktop and as plain text, in both languages."""
        issue, now = self._issue(request, pk), timezone.now()
        emails = []
        for language, name in settings.LANGUAGES:
            rendered = render_issue(issue, language, now=now)
            url = reverse("admin:newsletters_issue_preview_email", args=[issue.pk, language])
            preview = getattr(issue, f"preview_{language}")
            emails.append((language, name, rendered.subject, preview, url, filled(rendered.text, issue.pk)))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Preview of the email"),
            "issue": issue,
            "emails": emails,
            "problems": check(issue, audience=None) if issue.is_editable else [],
            "test_address": staff_user(request).email,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/newsletters/preview.html", context)

    @method_decorator([require_safe, xframe_options_sameorigin, csp(EMAIL_POLICY)])
    def preview_email(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        issue = self._issue(request, pk)
        if language not in LANGUAGES:
            raise Http404
        return HttpResponse(filled(render_issue(issue, language, now=timezone.now()).html, issue.pk))

    @method_decorator(require_POST)
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the issue as a test to the person who presses the button."""
        issue, user = self._issue(request, pk, "change"), staff_user(request)
        if within_limits(request, "newsletter-test", str(user.pk)):
            send_test(issue, to=user, now=timezone.now())
            sentence = gettext("We’re sending the test to %(address)s, in both languages.") % {"address": user.email}
            self.message_user(request, sentence, messages.SUCCESS)
        else:
            self.message_user(request, gettext("You sent many tests. Try again in an hour."), messages.ERROR)
        return redirect("admin:newsletters_issue_preview", issue.pk)

    @method_decorator(require_POST)
    def duplicate(self, request: HttpRequest, pk: int) -> HttpResponse:
        copy = duplicate(self._issue(request, pk, "add"), by=staff_user(request))
        self.message_user(request, gettext("This is the copy. Change what is different this time."), messages.SUCCESS)
        return redirect("admin:newsletters_issue_change", copy.pk)
