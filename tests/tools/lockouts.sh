#!/usr/bin/env bash
# Locks the controller out of the hosts of a scenario 20 times for each back-end, on both releases of Debian at once, and counts how often
# they came back by themselves inside the window: lockouts.sh [BACKEND...]. Needs what the scenarios on containers need (docs/testing.md).
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
hosts=$top/extensions/molecule/hosts
"$top/tests/tools/container-packages.sh"
export ANSIBLE_CONFIG=$hosts/ansible.cfg ANSIBLE_CALLBACK_RESULT_FORMAT=json PATH=$top/.venv/bin:$PATH
[ $# -gt 0 ] || set -- nftables firewalld ufw
for backend in "$@"; do
  export MOLECULE_SCENARIO_NAME=$backend
  log=$top/.cache/lockouts-$backend.log
  trap 'python "$hosts/hosts.py" down' EXIT
  python "$hosts/hosts.py" up
  status=0
  (cd "$hosts" && ansible-playbook prepare.yml apply.yml lockouts.yml) > "$log" || status=$?
  grep -oE "$backend, [^\"]* lock-outs ended [^\"]*" "$log" || true
  if [ $status != 0 ]; then
    tail -n 60 "$log"
    echo "$backend: a lock-out did not end as it must, see $log" >&2
    exit 1
  fi
done
