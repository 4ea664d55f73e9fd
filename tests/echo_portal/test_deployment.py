"""The rules for the Dockerfile, docker-compose.yml, .dockerignore and .env.example, and their documentation."""

import re

import pytest
import yaml
from django.conf import settings

from tests.build_context import ROOT, is_included, matches, patterns

RULES = patterns((ROOT / ".dockerignore").read_text())
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PORTAL_SERVICES = {name: service for name, service in SERVICES.items() if service["image"].startswith("echo-portal")}


class TestBuildContext:
    @pytest.mark.parametrize(
        "path",
        [
            ".env",
            ".env.production",
            ".git/config",
            "var/postgres/PG_VERSION",
            "tests/settings.py",
            "docs/operations.md",
            "backup.dump",
            "id_rsa",
            "tls/portal.key",
            "echo_portal/.env",
            "static/backup.sql",
            "accounts/__pycache__/models.cpython-313.pyc",
            "requirements/dev.txt",
            "docker-compose.yml",
        ],
    )
    def test_secrets_and_development_files_are_excluded(self, path):
        assert not is_included(path, RULES)

    def test_every_app_is_included(self):
        apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
        for app in (app for app in apps if (ROOT / app).is_dir()):
            assert is_included(f"{app}/models.py", RULES), f".dockerignore does not let {app}/ into the image"

    @pytest.mark.parametrize(
        "path", ["manage.py", "templates/base.html", "requirements/production.txt", "static/x.css"]
    )
    def test_templates_requirements_and_static_files_are_included(self, path):
        assert is_included(path, RULES)

    def test_patterns_match_as_in_docker(self):
        assert matches("a/b/c", "a")
        assert matches("a/b/c", "**/b")
        assert not matches("a/b/c", "b")
        assert is_included("a/b", ["*", "!a"])
        assert not is_included("a/b", ["*", "!a", "**/b"])


class TestImage:
    def test_the_image_is_pinned_and_runs_as_a_numeric_user(self):
        text = (ROOT / "Dockerfile").read_text()
        assert re.search(r"^USER [1-9]\d*(:\d+)?$", text, re.MULTILINE)
        assert re.search(r"^ARG PYTHON=python:3\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
        assert {line for line in text.splitlines() if line.startswith("FROM")} == {
            "FROM ${PYTHON} AS build",
            "FROM ${PYTHON}",
        }


class TestCompose:
    def test_every_image_is_pinned_to_a_version(self):
        for name, service in SERVICES.items():
            assert name in PORTAL_SERVICES or re.search(r":v?\d+\.\d+(\.\d+)?$", service["image"]), service["image"]

    def test_the_image_is_built_once(self):
        assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]
        assert {service["image"] for service in PORTAL_SERVICES.values()} == {"echo-portal:${PORTAL_VERSION:-latest}"}

    def test_published_ports_are_on_the_loopback_address_by_default(self):
        published = [port for service in SERVICES.values() for port in service.get("ports", [])]
        assert len(published) == 3
        for port in published:
            assert re.match(r"(\$\{\w+:-)?127\.0\.0\.1:", port), port

    def test_only_the_proxy_and_the_mailbox_publish_ports(self):
        assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy", "mail"]

    def test_the_portals_services_write_only_to_tmp_and_have_a_minute_to_stop(self):
        for service in PORTAL_SERVICES.values():
            assert (service["read_only"], service["tmpfs"], service["stop_grace_period"]) == (True, ["/tmp"], "60s")
            assert service["pull_policy"] == "never"

    def test_postgres_is_healthy_only_once_it_listens_on_tcp(self):
        assert " ".join(SERVICES["postgres"]["healthcheck"]["test"]).startswith("CMD pg_isready -h 127.0.0.1")

    def test_allowed_hosts_is_not_set_because_it_follows_from_site_url(self):
        assert all("ALLOWED_HOSTS" not in service["environment"] for service in PORTAL_SERVICES.values())


class TestEnvironment:
    def variables_in_the_example(self):
        return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    def documented_variables(self):
        table = (ROOT / "docs" / "operations.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
        return set(re.findall(r"`([A-Z][A-Z_]+)`", " ".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE))))

    def test_every_documented_variable_is_in_the_example(self):
        fixed = {"PORTAL_ENV", "PORT", "STATIC_ROOT"}  # set by docker-compose.yml and the image
        assert self.variables_in_the_example() == self.documented_variables() - fixed

    def test_all_services_of_the_portal_read_the_env_file(self):
        for service in PORTAL_SERVICES.values():
            assert service["env_file"] == [{"path": ".env", "required": False}]

    def test_the_env_file_overrides_the_defaults_of_compose(self):
        for name, value in PORTAL_SERVICES["web"]["environment"].items():
            assert name in ("PORTAL_ENV", "PORT") or value.startswith(f"${{{name}:"), name
