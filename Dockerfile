# The image of web, worker, beat and release: one image, and the Procfile says what each of them runs.
#
#   docker build -t zampay .
#   docker run --read-only --tmpfs /tmp --env-file ... -p 8000:8000 zampay            (web)
#   docker run --read-only --tmpfs /tmp --env-file ... zampay worker                  (or beat, release)
#   docker run --read-only --tmpfs /tmp --env-file ... zampay zampay tenant --help
#
# The base is named by its exact version and digest. Dependabot raises it, in both stages together.

FROM python:3.13.16-slim-bookworm@sha256:a1165e272e578941b84abc79e4ab38a0305cd12803a5c4247979ac7655f4d641 AS packages
COPY requirements.txt /tmp/requirements.txt
# A virtualenv without pip in it; wheels only, so that nothing is compiled and no compiler is needed.
RUN python -m venv --without-pip /opt/zampay \
 && python -m pip --python /opt/zampay/bin/python --disable-pip-version-check --no-cache-dir \
      install --quiet --require-hashes --only-binary :all: --requirement /tmp/requirements.txt

FROM python:3.13.16-slim-bookworm@sha256:a1165e272e578941b84abc79e4ab38a0305cd12803a5c4247979ac7655f4d641
COPY --from=packages /opt/zampay /opt/zampay
WORKDIR /app
COPY Procfile wsgi.py celery_worker.py config.py ./
COPY bin/zampay bin/
COPY deploy/start deploy/healthcheck.py deploy/
COPY migrations migrations
COPY docs/integration-guide.md docs/
COPY examples examples
COPY zampay zampay
# All of it belongs to root and the process does not: it can change nothing, even without --read-only.
RUN python -m compileall -q . && chmod -R a+rX,go-w . && chmod a+x bin/* deploy/*
ENV PATH=/app/bin:/opt/zampay/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "/app/deploy/healthcheck.py"]
ENTRYPOINT ["/app/deploy/start"]
CMD ["web"]
