# Posthorn as one image; the command is the role: start, api, worker, migrate, …
FROM node:24-slim AS build
WORKDIR /app
ENV TURBO_TELEMETRY_DISABLED=1
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
WORKDIR /app
COPY --from=build /app ./
# What `api` keeps (the admin key) goes where the user may write.
RUN mkdir /var/lib/posthorn && chown node:node /var/lib/posthorn
# PORT and POSTHORN_WORKER_PORT keep their defaults: the health check asks whichever of the two this container serves.
ENV NODE_ENV=production HOST=0.0.0.0 POSTHORN_DATA_DIR=/var/lib/posthorn
# What it is built of, for those who look what runs: --build-arg POSTHORN_COMMIT=$(git rev-parse HEAD)
ARG POSTHORN_COMMIT
ENV POSTHORN_COMMIT=$POSTHORN_COMMIT
USER node
EXPOSE 3400 3401
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "Promise.any([3400, 3401].map(async (port) => { if (!(await fetch(`http://127.0.0.1:${port}/healthz`)).ok) throw port })).catch(() => process.exit(1))"]
ENTRYPOINT ["node", "apps/cli/bin/posthorn.mjs"]
CMD ["--help"]
