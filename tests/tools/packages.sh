#!/usr/bin/env bash
# Sees to system packages that one can do without: as root installs what is missing, and lets none of it start
# a service. Not as root, or where there is no apt, it says what is missing, and what needs it is left out, the tests among them loudly.
set -euo pipefail
missing=()
for package in "$@"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "some things are left out without ${missing[*]} (Debian and Ubuntu: apt install ${missing[*]})" >&2
  exit 0
fi
echo "installing ${missing[*]}"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' > $policy
  chmod +x $policy
fi
"${0%/*}/apt-install.sh" "${missing[@]}"
