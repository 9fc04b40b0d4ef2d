#!/usr/bin/env bash
# Installs the players, the RTSP server and the name server that the tests with real traffic use, about 80 MB; none of them is a service.
# chrony would take the place of this machine's own time service, so it is only unpacked, into .cache/chrony. Not as root, or where there
# is no apt, it only says what is missing, and the tests that need it say that they were skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
packages=(ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good dnsmasq-base)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed || missing+=("$package")
done
chronyd=.cache/chrony/usr/sbin/chronyd
[ -x $chronyd ] || missing+=(chrony)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "NOT TESTED without ${missing[*]} (Debian and Ubuntu: apt install ${packages[*]})" >&2
  exit 0
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}" > /dev/null
if [ ! -x $chronyd ]; then
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  chmod 755 "$unpacked"
  (cd "$unpacked" && apt-get download -qq -o APT::Sandbox::User=root chrony && dpkg --extract chrony_*.deb tree)
  mkdir -p .cache
  rm -rf .cache/chrony
  mv "$unpacked/tree" .cache/chrony
fi
