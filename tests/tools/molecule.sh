#!/usr/bin/env bash
# Runs Molecule's scenarios. Those on containers need root, podman and systemd in a container; where that cannot be had they are skipped,
# loudly, and the others run. So is the one on a Windows host, unless one is named. Without arguments every scenario is run once; with
# them, molecule is run with these.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
export PATH=$top/.venv/bin:$PATH
containers=(nftables firewalld ufw)
on_a_host=(--exclude windows)
[ -z "${PORTMATRIX_WINDOWS_ADDRESS:-}" ] || on_a_host=()

skipped=
if [ "$(id -u)" != 0 ]; then
  skipped="root is needed for their network"
else
  tests/tools/container-packages.sh
  skipped=$(python extensions/molecule/hosts/hosts.py check 2>&1 > /dev/null) || skipped=${skipped:-unknown}
  [[ $skipped == *hosts.py:* ]] || skipped=
fi

status=0
if [ $# -gt 0 ]; then
  molecule "$@" || status=$?
elif [ -z "$skipped" ]; then
  molecule test --all "${on_a_host[@]}" || status=$?
else
  molecule test --scenario-name default || status=$?
  [ ${#on_a_host[@]} -gt 0 ] || molecule test --scenario-name windows || status=$?
fi
if [ $# -eq 0 ] && [ ${#on_a_host[@]} -gt 0 ]; then
  printf '\nSKIPPED: the scenario windows, because no Windows host is named (docs/testing.md)\n' >&2
fi
if [ -n "$skipped" ]; then
  printf '\nSKIPPED: the scenarios %s, because containers with systemd do not run here:\n  %s\n\n' "${containers[*]}" "$skipped" >&2
else
  python extensions/molecule/hosts/hosts.py down all
fi
exit $status
