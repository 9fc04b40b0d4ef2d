#!/usr/bin/env bash
# Installs the packages named, as root with apt. A name server or mirror that fails for a moment gets another two chances.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
for pause in 10 30 0; do
  if apt-get update -qq && apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 "$@" > /dev/null; then
    exit 0
  fi
  [ $pause = 0 ] || { echo "apt failed; once more in $pause s" >&2; sleep $pause; }
done
exit 1
