#!/usr/bin/env bash
# Makes an image of a Debian release that boots systemd and holds the three firewall managers, unless there is one, and prints its name.
#   systemd-image.sh RELEASE
# It is made from packages, with the machine's own package source. With PORTMATRIX_BASE_IMAGE=debian (any image of Debian that has a tag
# for each release) that image is pulled and the packages are added to it, which needs no mmdebstrap.
# PODMAN is the command to store it with, and may have options.
set -euo pipefail
release=${1:?a release such as bookworm}
read -ra podman <<< "${PODMAN:-podman}"
packages=(
  systemd systemd-sysv dbus openssh-server sudo python3 iproute2 iputils-ping procps
  nftables firewalld python3-firewall ufw iptables
)

# What every host of the scenarios has in common. Which firewall manager runs is the scenario's business.
# shellcheck disable=SC2016
setup='
set -eu
useradd --create-home --shell /bin/bash deploy
echo "deploy ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/deploy
chmod 0440 /etc/sudoers.d/deploy
systemctl mask --quiet polkit.service                 # its sandbox needs more rights than a container has
systemctl mask --quiet systemd-logind.service         # where version 1 of cgroups is in use, a session may never be seen to end,
DEBIAN_FRONTEND=noninteractive pam-auth-update --remove systemd                          # and the next login waits for it
systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer
systemctl disable --quiet firewalld.service ufw.service nftables.service
mkdir -p /run/sshd
ssh-keygen -A > /dev/null
! sshd -T | grep -qi "^persourcepenalties" || echo "PerSourcePenalties no" > /etc/ssh/sshd_config.d/scenario.conf
rm -rf /run/sshd /var/lib/apt/lists/* /var/cache/apt/*.bin
'

content=$({ printf '%s\n' "${packages[@]}" "$setup" "${PORTMATRIX_BASE_IMAGE:-}"; } | sha256sum | cut -c1-12)
image=localhost/portmatrix-$release:$content
if "${podman[@]}" image exists "$image"; then
  echo "$image"
  exit 0
fi

echo "building the image of $release" >&2
if [ -n "${PORTMATRIX_BASE_IMAGE:-}" ]; then
  container=$("${podman[@]}" run --detach --network host "$PORTMATRIX_BASE_IMAGE:$release" sleep infinity)
  trap '"${podman[@]}" rm --force --time 0 "$container" > /dev/null' EXIT
  inside() { "${podman[@]}" exec --env DEBIAN_FRONTEND=noninteractive "$container" "$@"; }
  inside apt-get update -qq >&2
  inside apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
  inside sh -c "$setup" >&2
  "${podman[@]}" commit --quiet "$container" "$image" >&2
else
  mirror=$(awk '
    /^URIs:/ { print $2 }
    /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; break } }
  ' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2> /dev/null | grep -E '/debian/?$' | head -1 || true)
  joined=$(IFS=,; echo "${packages[*]}")
  # shellcheck disable=SC2016
  made=$(SETUP=$setup mmdebstrap --quiet --variant=apt --aptopt='Acquire::Retries "5"' --keyring=/usr/share/keyrings --include="$joined" \
    --customize-hook='chroot "$1" sh -c "$SETUP"' "$release" - ${mirror:+"$mirror"} |
    "${podman[@]}" import --quiet -) || { "${podman[@]}" image prune --force > /dev/null; exit 1; }
  "${podman[@]}" tag "$made" "$image"
fi
echo "$image"
