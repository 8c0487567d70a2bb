#!/usr/bin/env bash
# Installs what the stand-in store needs: Debian packages (as root on Debian) and the locked sign-in service. Whatever
# cannot be had is said and is no failure: the tests that need it are skipped by name.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    missing=()
    while read -r package; do
        if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done < <(grep -v '^#' "$here/store_packages.txt")
    # Debian parts npm from nodejs; other builds of Node bring it along.
    command -v npm >/dev/null || missing+=(npm)
    if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ]; then
        echo "store: installing system packages: ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update --quiet >/dev/null
        apt-get install --yes --quiet --no-install-recommends "${missing[@]}" >/dev/null
    elif [ ${#missing[@]} -gt 0 ]; then
        echo "store: for the stand-in store: sudo apt-get install --yes --no-install-recommends ${missing[*]}" >&2
    fi
fi
# The packages start servers of their own where an init system runs; the stand-in needs none of them.
if command -v npm >/dev/null; then
    (cd "$here/store" && npm ci --omit=dev --no-audit --no-fund --silent) ||
        echo "store: the sign-in service could not be installed: tests with the stand-in store are skipped" >&2
else
    echo "store: there is no npm: tests with the stand-in store are skipped" >&2
fi
exit 0
