# This image serves /capabilities/pixel-tracking.yaml. Mount your own file there, or name another one:
#   docker build --tag naftiko .
#   docker run --read-only --publish 8080:8080 --publish 9090:9090 naftiko
#   docker run --read-only --volume "$PWD:/capabilities:ro" naftiko run /capabilities/mine.yaml
# It serves with one process. For one process per core of its quota: --env NAFTIKO_WORKERS=auto.
# It has the extras in EXTRAS: --build-arg EXTRAS=otel leaves out the engines of scripts (some 45 MB).
# In-flight requests have 30 s to finish: stop it with `docker stop --time 40`.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ARG EXTRAS=otel,scripting
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY docs/rules docs/rules
COPY src src
# pip compiles the packages that it installs, so the container writes no file.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
 && python -m venv --without-pip /opt/naftiko \
 && pip --python /opt/naftiko/bin/python install --no-cache-dir "$(echo dist/*.whl)[${EXTRAS}]"

FROM python:${PYTHON_VERSION}-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="naftiko-runtime" \
      org.opencontainers.image.description="Serves a Naftiko capability file as REST routes and MCP tools" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
RUN groupadd --gid 65532 naftiko \
 && useradd --uid 65532 --gid 65532 --no-log-init --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin naftiko
COPY --from=build /opt/naftiko /opt/naftiko
WORKDIR /capabilities
COPY --chmod=0444 capabilities/pixel-tracking.yaml capabilities/pixel-tracking.sandbox.yaml /capabilities/
ENV PATH="/opt/naftiko/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    NAFTIKO_HOST=0.0.0.0 \
    NAFTIKO_CONTROL=0.0.0.0:9900
USER 65532:65532
# The REST and MCP ports of the file, and the control port (health and metrics).
EXPOSE 8080 9090 9900
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["naftiko", "health"]
ENTRYPOINT ["naftiko"]
CMD ["run", "/capabilities/pixel-tracking.yaml"]
