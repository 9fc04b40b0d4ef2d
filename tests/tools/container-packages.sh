#!/usr/bin/env bash
# Installs what hosts in containers need: as root, and where there is apt. With PORTMATRIX_BASE_IMAGE no image is built, so mmdebstrap is not needed.
set -euo pipefail
packages=()
for need in podman:podman runc:runc mmdebstrap:mmdebstrap ssh:openssh-client; do
  command -v "${need%%:*}" > /dev/null || packages+=("${need##*:}")
done
[ -z "${PORTMATRIX_BASE_IMAGE:-}" ] || mapfile -t packages < <(printf '%s\n' "${packages[@]}" | grep -vx mmdebstrap)
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "installing ${packages[*]}"
  "${0%/*}/apt-install.sh" "${packages[@]}"
fi
