#!/usr/bin/env bash
# Runs shellcheck over every shell script; as root it is installed where it is missing.
set -euo pipefail
if ! command -v shellcheck > /dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    "${0%/*}/apt-install.sh" shellcheck
  else
    echo "SKIPPED: shellcheck is not installed" >&2
    exit 0
  fi
fi
git grep --untracked -lE '^#!.*(bash|sh)$' -- '*.sh' .ci | xargs shellcheck
