#!/usr/bin/env bash
# Installs what the tests with real traffic use: players, an RTSP server, a name server. None of them is a service. A time daemon would
# take the place of the machine's own, so chrony is only unpacked, into .cache/chrony.
set -euo pipefail
cd "${0%/*}/../.."
tests/tools/packages.sh ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good dnsmasq-base conntrack
[ ! -e .cache/chrony ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || exit 0
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
(cd "$unpacked" && apt-get download -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 chrony && dpkg --extract chrony_*.deb tree)
mkdir -p .cache
mv "$unpacked/tree" .cache/chrony
