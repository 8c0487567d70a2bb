#!/usr/bin/env bash
# Resolves pyproject.toml anew into the lock files, for every platform and Python from 3.11 on, with hashes and without
# any index address. Versions already locked stay; pass --upgrade (or --upgrade-package NAME) to move them. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
resolve() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --custom-compile-command 'make lock' "$@"
}
resolve "${@}" --output-file requirements.lock pyproject.toml
resolve "${@}" --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
resolve "${@}" --output-file requirements-peers.lock packaging/peers.in
