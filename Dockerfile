# An image that serves /capabilities/pixel-tracking.yaml; mount your own file there, or name another:
#   docker build --tag naftiko .
#   docker run --read-only --publish 8080:8080 --publish 9090:9090 naftiko
#   docker run --read-only --volume "$PWD:/capabilities:ro" naftiko run /capabilities/mine.yaml
# It serves by one process; by one for each core of its quota: --env NAFTIKO_WORKERS=auto.
# Requests in progress may take 30 s to finish: stop it with `docker stop --time 40`.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY docs/rules docs/rules
COPY src src
# pip compiles what it installs, so nothing has to be written at run time.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
 && python -m venv --without-pip /opt/naftiko \
 && pip --python /opt/naftiko/bin/python install --no-cache-dir "$(echo dist/*.whl)[otel]"

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
    NAFTIKO_CONTROL=0.0.0.0:9900
USER 65532:65532
# The file's REST and MCP ports, and /health/live and /health/ready.
EXPOSE 8080 9090 9900
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["naftiko", "health"]
ENTRYPOINT ["naftiko"]
CMD ["run", "/capabilities/pixel-tracking.yaml"]
