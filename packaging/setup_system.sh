#!/usr/bin/env bash
# Checks that the system libraries are there. As root on Debian it installs what is missing; for anybody else it prints
# the exact command and stops. Elsewhere than on Debian and its children it says what to look for and goes on.
set -euo pipefail

python=${1:?usage: setup_system.sh PYTHON}
here=$(cd "$(dirname "$0")" && pwd)

if [ "$(uname -s)" != Linux ]; then
    exit 0
fi
mapfile -t packages < <(grep -v '^#' "$here/system_packages.txt")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "setup: this is no Debian; see packaging/system_packages.txt for the libraries Qt and OpenGL need here" >&2
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
        missing+=("$package")
    fi
done
# Debian splits the venv module from its Python; a Python from elsewhere brings its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

if [ "$(id -u)" -ne 0 ]; then
    {
        echo "setup: system packages are missing. Install them with this command, then run make again:"
        echo
        echo "    sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${missing[*]}"
        echo
    } >&2
    exit 1
fi
echo "setup: installing system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
