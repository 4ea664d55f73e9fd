# One image for web, worker and beat. Built in two stages: the second has no compiler, no pip cache, no test tools.
ARG PYTHON=python:3.13.14-slim-trixie

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONTZPATH=
RUN python -m venv /venv
COPY requirements/production.txt /tmp/
RUN /venv/bin/pip install --require-hashes -r /tmp/production.txt
WORKDIR /portal
# What this copies is listed in .dockerignore.
COPY . .
# Static files, translations and bytecode are part of the image, since its file system is read-only when it runs; none of them
# needs a database or a secret that is kept.
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
# A number, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 10001:10001
EXPOSE 8000
# Listens on PORT, which is 8000 unless set.
CMD ["gunicorn", "--config", "python:echo_portal.gunicorn"]
