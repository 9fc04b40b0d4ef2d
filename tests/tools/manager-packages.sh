#!/usr/bin/env bash
# Installs ufw, firewalld and what their tests need, none of it started or enabled: for machines to throw away. Not as root, or where
# there is no apt, it only says what is missing, and the tests that need it say that they were skipped.
set -euo pipefail
packages=(ufw firewalld python3-firewall dbus iptables strace)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "NOT TESTED without ${missing[*]} (Debian and Ubuntu: apt install ${missing[*]})" >&2
  exit 0
fi
echo "installing ${missing[*]}"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' > $policy    # no package may start its service
  chmod +x $policy
fi
"${0%/*}/apt-install.sh" "${missing[@]}"
! command -v systemctl > /dev/null || systemctl disable --quiet firewalld.service ufw.service 2> /dev/null || true
