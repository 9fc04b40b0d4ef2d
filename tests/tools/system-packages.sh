#!/usr/bin/env bash
# Sees to the few system packages that the lab and the tests need: installs them as root, names them otherwise.
set -euo pipefail
python=${1:-python3}
packages=()
need() {    # need PACKAGE COMMAND...: the package, unless the command succeeds
  local package=$1
  shift
  "$@" > /dev/null 2>&1 || packages+=("$package")
}
PATH=$PATH:/usr/sbin:/sbin
need nftables command -v nft
need iproute2 command -v ip
need util-linux command -v nsenter
need python3 "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
need python3-venv "$python" -c 'import ensurepip, venv'
[ ${#packages[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "installing ${packages[*]}"
  "${0%/*}/apt-install.sh" "${packages[@]}"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON to one" >&2; exit 1; }
else
  echo "install ${packages[*]} first (Debian and Ubuntu: apt install ${packages[*]}; Python 3.11 or later)" >&2
  exit 1
fi
