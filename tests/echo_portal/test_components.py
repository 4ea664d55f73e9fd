"""The component page shows every form component in every state and both languages. It exists only in a checkout."""

import re

import pytest

COMPONENTS = {
    "text": '<input type="text" name="{name}"',
    "email": '<input type="email" name="{name}"',
    "password": '<input type="password" name="{name}"',
    "day": '<input type="date" name="{name}"',
    "choice": '<select name="{name}"',
    "radios": '<input type="radio" name="{name}"',
    "checkboxes": '<input type="checkbox" name="{name}"',
    "checkbox": '<input type="checkbox" name="{name}"',
    "textarea": '<textarea name="{name}"',
    "hidden": '<input type="hidden" name="{name}"',
}


@pytest.fixture(params=["en", "fr"])
def page(request, client):
    return client.get(f"/{request.param}/_components/").content.decode()


@pytest.mark.parametrize("state", ["empty", "filled", "wrong", "disabled"])
def test_every_component_is_shown_in_every_state(page, state):
    for name, start in COMPONENTS.items():
        assert start.format(name=f"{state}-{name}") in page, name


def test_an_error_is_linked_from_the_summary_and_shown_at_its_field(page):
    section = page.partition('<section class="mt-5" id="wrong">')[2].partition("</section>")[0]
    assert 'class="summary" role="alert" tabindex="-1"' in section
    for name in COMPONENTS.keys() - {"hidden"}:
        first = "_0" if name in ("radios", "checkboxes") else ""
        assert f'<a href="#id_wrong-{name}{first}">' in section, name
        assert f'<p class="error" id="id_wrong-{name}_error">' in section, name
        assert f"id_wrong-{name}_error" in section.partition('aria-describedby="')[2], name


def test_optional_details_are_open_only_if_they_contain_an_error(page):
    assert page.count('<details class="more" open>') == 1
    assert page.count('<details class="more">') == 3


def test_hints_optional_fields_and_disabled_fields_are_marked(page):
    assert page.count('class="hint"') == 12
    for name in COMPONENTS.keys() - {"hidden"}:
        controls = re.findall(rf'<(?:input|select|textarea)[^>]* name="disabled-{name}"[^>]*>', page)
        assert controls, name
        assert all(" disabled" in control for control in controls), name
    assert page.count("(optional)") + page.count("(facultatif)") == 4


def test_a_formset_row_has_a_number_and_its_errors(page):
    assert ("Colleague 2" if '<html lang="en-CA">' in page else "Collègue 2") in page
    assert '<a href="#id_rows-1-email">' in page


def test_the_page_is_linked_from_the_mailbox_and_missing_in_production(client, settings):
    assert "_components/" in client.get("/_mail/").content.decode()
    settings.MAILBOX_OPEN = False
    for language in ("en", "fr"):
        assert client.get(f"/{language}/_components/").status_code == 404
