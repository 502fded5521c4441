# The product in one image, run by an ordinary account; nothing is downloaded when it runs.
# docker build -t software-factory . ; compose.yaml puts a database, Valkey and a proxy beside it.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /build/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r /build/requirements.txt

FROM python:3.11-slim-bookworm
# hadolint ignore=DL3008 # the newest security fixes of this release of Debian
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/software-factory factory \
    && chmod 0755 /var/lib/software-factory
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/software-factory
COPY manage.py requirements.txt ./
COPY factory factory
COPY agents agents
COPY projects projects
COPY jobs jobs
COPY templates templates
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FACTORY_ENV=prod \
    FACTORY_HOME=/var/lib/software-factory \
    FACTORY_BIND=0.0.0.0 \
    PORT=8000
RUN python -m compileall -q factory agents projects jobs
USER 10001
VOLUME /var/lib/software-factory
EXPOSE 8000
# Whether it lives, not whether the database does: a restart would not bring that back.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "manage.py", "up"]
