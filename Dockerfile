# One image for web, worker and beat, built in two stages. The final stage contains only what production needs.
ARG PYTHON=python:3.13.14-slim-trixie

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONTZPATH=
RUN python -m venv /venv
COPY requirements/production.txt /tmp/
RUN /venv/bin/pip install --require-hashes -r /tmp/production.txt
WORKDIR /portal
# .dockerignore lists what is copied.
COPY . .
# Create static files, translations and bytecode now, because the file system is read-only at run time. This needs neither a
# database nor the real secret.
RUN /venv/bin/python -m echo_portal.checkout.translations compile \
 && STATIC_ROOT=/portal/var/static /venv/bin/python -m django collectstatic --no-input --settings echo_portal.settings \
 && /venv/bin/python -m compileall -q /portal

FROM ${PYTHON}
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONTZPATH= \
    PORTAL_ENV=production DJANGO_SETTINGS_MODULE=echo_portal.settings STATIC_ROOT=/portal/var/static
RUN groupadd --system --gid 10001 portal \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin portal
COPY --from=build /venv /venv
COPY --from=build /portal /portal
WORKDIR /portal
# A numeric ID, so that Kubernetes can verify that it is not root (runAsNonRoot).
USER 10001:10001
EXPOSE 8000
# Listens on PORT (default 8000).
CMD ["gunicorn", "--config", "python:echo_portal.gunicorn"]
