# One image for the member and for the operator:
#   docker run IMAGE                      a member (`node`), which waits to be told to form a cluster or to join one
#   docker run IMAGE operator …           the operator
# It holds Node, the program as JavaScript, the libraries of these two, a process 1, and nothing else: no shell, no package manager.
# It writes below /data only, as user 65532, and runs with a read-only root file system.

FROM node:24-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends libatomic1 ca-certificates tini && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json LICENSE ./
COPY client client
COPY node node
COPY cli cli
COPY operator operator
COPY monitoring monitoring
COPY charts/quorate/files/dashboards charts/quorate/files/dashboards
# Compiled, not stripped at run time: a member is 16 MiB smaller.
RUN node_modules/.bin/tsc -p . --noEmit false --outDir /out --rootDir . --rewriteRelativeImportExtensions \
      --declaration false --removeComments \
 && cp -r node/api/ui/. /out/node/api/ui/ && cp node/etcd/proto/*.proto /out/node/etcd/proto/ \
 && cp package.json LICENSE /out/
# Node comes with the base image. Of the native binding's builds, the one for this platform is left.
RUN npm prune --ignore-scripts --omit=dev --omit=optional && mv node_modules /out/ \
 && cd /out/node_modules && arch="$(node -p process.arch)" \
 && find rocksdb-native/prebuilds -mindepth 1 -maxdepth 1 ! -name "linux-$arch" -exec rm -r {} + \
 && find . -type f \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' -o -name '*.bare' \
      -o -name '*.md' -o -name '*.cc' \) ! -iname 'license*' -delete
# The loader and the libraries that Node and the binding are linked to, at the paths where they are looked for.
RUN mkdir -p /image/etc/ssl/certs /image/usr/local/bin /image/app /image/tmp /image/data \
 && ldd /usr/local/bin/node /usr/bin/tini /out/node_modules/rocksdb-native/prebuilds/*/*.node \
    | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/.*ld-linux/ { print $1 }' | sort -u \
    | xargs -I{} cp -L --parents {} /image \
 && cp /usr/local/bin/node /usr/bin/tini /image/usr/local/bin/ \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
 && echo 'quorate:x:65532:65532::/data:/nologin' > /image/etc/passwd && echo 'quorate:x:65532:' > /image/etc/group \
 && chmod 1777 /image/tmp && chown 65532:65532 /image/data

FROM scratch AS root
COPY --from=build /image /
COPY --from=build /out /app
ENV PATH=/usr/local/bin MALLOC_ARENA_MAX=2 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt QUORATE_DATA_DIR=/data
USER 65532:65532
WORKDIR /data
# As process 1, Node would be spared a SIGTERM that comes before its first line has run, and be waited for in vain.
ENTRYPOINT ["/usr/local/bin/tini", "--", "/usr/local/bin/node", "/app/cli/main.js"]
CMD ["node"]
EXPOSE 2379 2380
LABEL org.opencontainers.image.title="Quorate" \
      org.opencontainers.image.description="A replicated key-value store (Raft on RocksDB) and the Kubernetes operator that runs it" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
