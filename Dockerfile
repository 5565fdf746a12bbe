# One image for web, worker, beat and the one-shot `prepare`. Production packages only: no embedded servers, no Node.
FROM node:22-slim AS node

FROM python:3.11-slim AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /pathway
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY . .
RUN python -m config.assets --production && rm -rf node_modules
# The settings want a whole environment; these values are used for collecting files and stay out of the next stage.
RUN SECRET_KEY=kLw93mZqXv71RtYpB5sHdGc2NfJeUa8oTi4Qx6Vb0Wy-ZrMnPqSt \
    ALLOWED_HOSTS=build.example SITE_URL=https://build.example DEFAULT_FROM_EMAIL=build@build.example TRUSTED_PROXIES=1 \
    DATABASE_URL=postgresql://build@db/build REDIS_URL=redis://broker EMAIL_URL=smtp://mail \
    python manage.py collectstatic --no-input -v0

FROM python:3.11-slim
# Pango sets the text of emergency cards and case summaries; the fonts come with the front-end files.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --home-dir /pathway pathway
COPY --from=build /venv /venv
COPY --from=build /pathway /pathway
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /pathway
USER pathway
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
