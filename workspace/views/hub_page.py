"""The hub's own page: what it says about itself, and its logo. Coordinators edit them. Name and address stay with staff."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hubs.models import Logo
from hubs.services import logos, pages
from workspace.access import Workspace, for_coordinators
from workspace.forms.hub_page import HubPageForm, LogoForm
from workspace.pages import page


@require_http_methods(["GET", "HEAD", "POST"])
@for_coordinators
def hub_page(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    form = HubPageForm(request.POST or None, hub=workspace.hub)
    if request.method == "POST" and form.is_valid():
        pages.update_page(workspace.hub, form.cleaned_data)
        messages.success(request, _("Your hub’s page has been updated."))
        return redirect("workspace:hub_page", workspace.hub.slug)
    return page(request, workspace, "hub_page.html", {"form": form}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_coordinators
def logo(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Upload a logo, or change the description of the one that the hub has."""
    hub = workspace.hub
    form = LogoForm(request.POST or None, request.FILES or None, hub=hub)
    if request.method == "POST" and form.is_valid():
        redrawn, alt_en, alt_fr = (form.cleaned_data[name] for name in ("file", "alt_en", "alt_fr"))
        try:
            if redrawn:
                logos.save_logo(hub, redrawn, alt_en=alt_en, alt_fr=alt_fr, now=timezone.now())
            else:
                logos.describe_logo(hub, alt_en=alt_en, alt_fr=alt_fr)
        except Logo.DoesNotExist:  # someone removed it in this very moment
            hub.refresh_from_db()
            form.add_error("file", form.fields["file"].error_messages["required"])
        else:
            messages.success(request, _("Your logo has been saved."))
            return redirect("workspace:hub_page", hub.slug)
    return page(request, workspace, "hub_logo.html", {"form": form}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_coordinators
def remove_logo(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Remove the logo, after asking."""
    if request.method == "POST":
        logos.remove_logo(workspace.hub)
        messages.success(request, _("Your logo has been removed."))
        return redirect("workspace:hub_page", workspace.hub.slug)
    if not workspace.hub.logo_or_none:
        return redirect("workspace:hub_page", workspace.hub.slug)
    return page(request, workspace, "hub_logo_remove.html")
