#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the build needs: the Debian packages of tools/apt.txt and the Python
# environment of tools/python.txt and tools/docs.txt in .venv. Silent when nothing is
# missing. Packages come from wherever this machine's apt and pip are configured to look.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "setup: $*" >&2
  exit 1
}

# The packages of tools/apt.txt that are not installed, one a line.
missing_packages() {
  local wanted
  wanted=$(sed 's/#.*//' tools/apt.txt)
  # shellcheck disable=SC2086  # one word per package
  { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null || true; } |
    awk -v wanted="$wanted" '
      substr($1, 2, 1) == "i" { have[$2] = 1 }
      END {
        count = split(wanted, names)
        for (i = 1; i <= count; ++i) if (!(names[i] in have)) print names[i]
      }'
}

install_packages() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || {
    echo "setup: no apt here; what tools/apt.txt lists must be installed already" >&2
    return
  }
  local missing as_root=()
  missing=$(missing_packages)
  [[ -n $missing ]] || return 0
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      fail "found no root rights and no sudo; needed to install:" $missing
    as_root=(sudo)
  fi
  echo "setup: installing Debian packages the build needs:" $missing
  "${as_root[@]}" apt-get update -qq
  # shellcheck disable=SC2086
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# The first Python of at least 3.11 that can make an environment.
find_python() {
  local candidate
  for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
        2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "found no Python 3.11 or newer with venv"
}

install_python() {
  local stamp python
  stamp=$(cat tools/python.txt tools/docs.txt | sha256sum)
  if [[ -x .venv/bin/python && -f .venv/stamp && $(<.venv/stamp) == "$stamp" ]]; then
    return
  fi
  echo "setup: installing Python packages into .venv (Arrow, test oracles, style checks, documents)"
  if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python=$(find_python)
    "$python" -m venv --clear .venv
  fi
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --requirement tools/python.txt --requirement tools/docs.txt
  echo "$stamp" >.venv/stamp
}

install_packages
install_python
