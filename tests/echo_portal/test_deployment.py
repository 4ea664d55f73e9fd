"""What the image, docker-compose.yml and their documentation promise, read from the files themselves."""

import re

import pytest
import yaml
from django.conf import settings

from tests.build_context import ROOT, is_included, matches, patterns

RULES = patterns((ROOT / ".dockerignore").read_text())
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("echo-portal")}


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
    def test_secrets_and_leftovers_stay_out(self, path):
        assert not is_included(path, RULES)

    def test_every_app_goes_in(self):
        apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
        for app in (app for app in apps if (ROOT / app).is_dir()):
            assert is_included(f"{app}/models.py", RULES), f".dockerignore does not let {app}/ into the image"

    @pytest.mark.parametrize(
        "path", ["manage.py", "templates/base.html", "requirements/production.txt", "static/x.css"]
    )
    def test_what_they_need_goes_in(self, path):
        assert is_included(path, RULES)

    def test_the_rules_are_read_as_docker_reads_them(self):
        assert matches("a/b/c", "a")
        assert matches("a/b/c", "**/b")
        assert not matches("a/b/c", "b")
        assert is_included("a/b", ["*", "!a"])
        assert not is_included("a/b", ["*", "!a", "**/b"])


class TestImage:
    def test_it_runs_as_a_numeric_user_and_is_pinned(self):
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
            assert name in OURS or re.search(r":v?\d+\.\d+(\.\d+)?$", service["image"]), service["image"]

    def test_it_is_built_once(self):
        assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]
        assert {service["image"] for service in OURS.values()} == {"echo-portal:${PORTAL_VERSION:-latest}"}

    def test_only_this_machine_reaches_it_unless_somebody_says_otherwise(self):
        published = [port for service in SERVICES.values() for port in service.get("ports", [])]
        assert len(published) == 3
        for port in published:
            assert re.match(r"(\$\{\w+:-)?127\.0\.0\.1:", port), port

    def test_visitors_reach_the_proxy_and_never_gunicorn(self):
        assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy", "mail"]

    def test_the_portals_own_services_write_nowhere_but_in_tmp_and_have_a_minute_to_stop(self):
        for service in OURS.values():
            assert (service["read_only"], service["tmpfs"], service["stop_grace_period"]) == (True, ["/tmp"], "60s")
            assert service["pull_policy"] == "never"

    def test_postgres_is_ready_only_once_it_listens_on_tcp(self):
        assert " ".join(SERVICES["postgres"]["healthcheck"]["test"]).startswith("CMD pg_isready -h 127.0.0.1")

    def test_the_hosts_are_left_to_site_url(self):
        assert all("ALLOWED_HOSTS" not in service["environment"] for service in OURS.values())


class TestEnvironment:
    def named_in_the_example(self):
        return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    def documented(self):
        table = (ROOT / "docs" / "operations.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
        return set(re.findall(r"`([A-Z][A-Z_]+)`", " ".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE))))

    def test_every_documented_variable_can_be_given_in_an_env_file(self):
        fixed = {"PORTAL_ENV", "PORT", "STATIC_ROOT"}  # docker-compose.yml and the image set these
        assert self.named_in_the_example() == self.documented() - fixed

    def test_all_of_the_portals_services_read_it(self):
        for service in OURS.values():
            assert service["env_file"] == [{"path": ".env", "required": False}]

    def test_what_compose_fills_in_gives_way_to_it(self):
        for name, value in OURS["web"]["environment"].items():
            assert name in ("PORTAL_ENV", "PORT") or value.startswith(f"${{{name}:"), name
