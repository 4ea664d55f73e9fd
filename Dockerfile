# One image for web, worker and beat. Built in two stages: the second has no compiler, no pip cache, no test tools.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONTZPATH=
RUN python -m venv /venv
COPY requirements/production.txt /tmp/
RUN /venv/bin/pip install --require-hashes -r /tmp/production.txt
WORKDIR /portal
COPY . .
# Static files and translations are part of the image; neither needs a database or a secret that is kept.
RUN /venv/bin/python -m echo_portal.translations compile \
 && STATIC_ROOT=/portal/var/static /venv/bin/python -m django collectstatic --no-input --settings echo_portal.settings

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONTZPATH= \
    PORTAL_ENV=production DJANGO_SETTINGS_MODULE=echo_portal.settings STATIC_ROOT=/portal/var/static
RUN useradd --system --create-home portal
COPY --from=build /venv /venv
COPY --from=build /portal /portal
WORKDIR /portal
USER portal
EXPOSE 8000
CMD ["gunicorn", "--config", "python:echo_portal.gunicorn", "--bind", "0.0.0.0:8000"]
