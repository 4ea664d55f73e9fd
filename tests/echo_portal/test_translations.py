"""The check that `make check` runs on the French translation finds every kind of gap."""

import ast

from echo_portal.checkout import translations


def test_the_check_finds_new_untranslated_unused_and_broken_texts(monkeypatch):
    sources = translations.from_sources()
    sources.add("Brand new text")
    catalog = translations.saved_catalog()
    catalog.add("Unused text", "Texte inutilisé")
    catalog["Sessions"].string = ""
    catalog["Opens %(date)s"].string = "Ouvre le %(dat)s"
    sources.add("%(n)s %% taken")
    catalog.add("%(n)s %% taken", "%(n)s % prises")
    monkeypatch.setattr(translations, "from_sources", lambda: sources)
    monkeypatch.setattr(translations, "saved_catalog", lambda: catalog)
    found = " ".join(translations.find_problems())
    assert "not in the .po: 'Brand new text'" in found
    assert "no longer used: 'Unused text'" in found
    assert "not translated: 'Sessions'" in found
    assert "placeholders differ in 'Opens %(date)s'" in found
    assert "placeholders differ in '%(n)s %% taken': a % that is not doubled" in found


def test_gettext_is_imported_only_under_names_that_the_extraction_knows():
    aliases = {
        name.asname or name.name
        for folder in translations.APPS
        for path in (translations.ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if "gettext" in name.name
    }
    assert aliases <= translations.KEYWORDS.keys()


def test_the_extraction_finds_every_text_that_django_looks_up():
    """Compares Django's parsing of the templates with the extraction: each text, its context and its plural."""
    from django.template.loader import get_template
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    known = {(message.id, message.context) for message in translations.from_sources() if message.id}
    # gettext also finds the singular alone.
    known |= {(key[0], context) for key, context in known if isinstance(key, tuple)}
    for path in sorted((translations.ROOT / "templates").rglob("*.html")):
        template = get_template(str(path.relative_to(translations.ROOT / "templates"))).template
        for node in template.nodelist.get_nodes_by_type(TranslateNode):
            literal = node.filter_expression.var.literal
            if literal is not None:
                # Variable.resolve doubles the percent signs before it asks gettext
                assert (str(literal).replace("%", "%%"), context_of(node)) in known, path
        for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
            text, _names = node.render_token_list(node.singular)
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            assert ((text, plural) if plural else text, context_of(node)) in known, (path, text)


def context_of(node):
    return node.message_context.var if node.message_context else None


def test_a_percent_sign_is_extracted_as_django_looks_it_up(tmp_path, monkeypatch):
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    path = tmp_path / "page.html"
    path.write_text(
        '{% translate "400 %" %}{{ x|default:_("20 %") }}'
        '{% blocktranslate with n=1 context "growth" %}{{ n }} %{% endblocktranslate %}'
    )
    found = [(message, context) for _file, _line, message, context in translations._in_template(path)]
    assert found == [("400 %%", None), ("20 %%", None), ("%(n)s %%", "growth")]
