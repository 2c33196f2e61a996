# The executable that `npm run build` makes, and nothing else beside the C library it needs.
FROM debian:bookworm-slim
COPY dist/tandem /usr/local/bin/tandem
ENTRYPOINT ["/usr/local/bin/tandem"]
