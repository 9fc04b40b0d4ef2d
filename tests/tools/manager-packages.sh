#!/usr/bin/env bash
# Installs ufw, firewalld and what their tests need, none of it started or enabled: for machines to throw away.
set -euo pipefail
"${0%/*}/packages.sh" ufw firewalld python3-firewall dbus iptables ipset strace
[ "$(id -u)" != 0 ] || ! command -v systemctl > /dev/null || systemctl disable --quiet firewalld.service ufw.service 2> /dev/null || true
