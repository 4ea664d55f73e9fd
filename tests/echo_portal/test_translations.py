"""French is complete, and the check that says so sees what is not."""

from babel.messages.catalog import Catalog

from echo_portal import translations


def test_french_is_complete():
    assert translations.complaints() == []


def test_the_check_sees_a_new_an_empty_a_stale_and_a_broken_text(monkeypatch):
    sources = translations.from_sources()
    sources.add("Brand new text")
    catalog = translations.kept()
    catalog.add("Nobody says this", "Personne ne le dit")
    catalog["Sessions"].string = ""
    catalog["Opens %(date)s"].string = "Ouvre le %(dat)s"
    monkeypatch.setattr(translations, "from_sources", lambda: sources)
    monkeypatch.setattr(translations, "kept", lambda: catalog)
    found = " ".join(translations.complaints())
    assert "not in the .po: 'Brand new text'" in found
    assert "no longer used: 'Nobody says this'" in found
    assert "not translated: 'Sessions'" in found
    assert "placeholders differ in 'Opens %(date)s'" in found


def test_every_text_that_django_looks_up_is_found_by_the_extraction():
    """Django's own reading of the templates and ours agree on every text."""
    from django.template import engines
    from django.template.loader import get_template
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    known = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in translations.from_sources()
        if message.id
    }
    assert isinstance(translations.from_sources(), Catalog)
    for path in sorted((translations.ROOT / "templates").rglob("*.html")):
        template = get_template(str(path.relative_to(translations.ROOT / "templates"))).template
        for node in template.nodelist.get_nodes_by_type(TranslateNode):
            if isinstance(node.filter_expression.var, str):
                continue
            literal = node.filter_expression.var.literal
            assert literal is None or str(literal) in known, path
        for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
            text, _names = node.render_token_list(node.singular)
            assert text in known, (path, text)
    assert engines["django"]
