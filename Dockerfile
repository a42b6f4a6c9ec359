# Keepstead in a container. docs/docker/container.md says what to mount into it, docs/compose.example.yml shows it.
#
#     docker build --build-arg VERSION=$(git describe --tags --always) -t keepstead .

ARG GO=1.26
ARG DEBIAN=bookworm

FROM golang:${GO}-${DEBIAN} AS build
WORKDIR /src
# restic first: it changes least, and takes longest.
COPY Makefile ./
COPY tools/restic tools/restic
RUN make bin/restic
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
# The copy above may have made restic look older than its sources; it is not.
RUN touch bin/restic && make build VERSION="$VERSION"

# The same Debian as above, whose C library SQLite is linked to.
FROM debian:${DEBIAN}-slim
# Authorities for https, time zones for schedules, curl for the health check.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates tzdata curl \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=build /src/bin/keepstead /src/bin/restic /usr/local/bin/
COPY LICENSE /usr/share/doc/keepstead/

ARG VERSION=dev
LABEL org.opencontainers.image.title="Keepstead" \
	org.opencontainers.image.description="Backups of a homelab with restic: dashboard, API and scheduler in one program" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.version="$VERSION"

# No USER: it reads files of every owner in the volumes of other containers, and gives them back to those owners.
ENV KEEPSTEAD_DATA=/data KEEPSTEAD_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
	CMD curl -fsS -o /dev/null "http://127.0.0.1:${KEEPSTEAD_LISTEN##*:}/readyz"
ENTRYPOINT ["keepstead"]
CMD ["serve"]
