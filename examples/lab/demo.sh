#!/usr/bin/env bash
# The demonstration: start the lab, apply the policy of every host and prove it with packets, then apply it again and see that
# nothing at all has changed. A lab that already ran stays up.
#
#   demo.sh [DIRECTORY [INVENTORY]]    where the report goes to, and a lab to use instead of the one of 29 hosts: sixty
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
report=$(mkdir -p "${1:-demo-report}" && cd "${1:-demo-report}" && pwd)
inventory=$here/${2:-inventory}
export ANSIBLE_CONFIG=$here/ansible.cfg

lab() { python "$here/lab.py" --hosts "$inventory/hosts.yml" "$@"; }
site() { ansible-playbook "$here/../../playbooks/site.yml" -i "$inventory" -e "portmatrix_report_dir=$report"; }
kernel() { lab each nft --stateless --handle list table inet portmatrix; }

if ! lab status > "$report/hosts.txt"; then
  trap 'lab down' EXIT
  lab up
  lab status > "$report/hosts.txt"
fi
hosts=$(wc -l < "$report/hosts.txt")

site
kernel > "$report/kernel-first.txt"

echo "lab: the second run, which has nothing to do"
site > "$report/second-run.txt" || { tail -n 60 "$report/second-run.txt"; exit 1; }
kernel > "$report/kernel-second.txt"

unchanged=$(grep -cE '^\S+ +: ok=[0-9]+ +changed=0 +unreachable=0 +failed=0 ' "$report/second-run.txt" || true)
if [ "$unchanged" != "$hosts" ]; then
  sed -n '/^PLAY RECAP/,$p' "$report/second-run.txt"
  echo "lab: the second run left $unchanged of $hosts hosts unchanged" >&2
  exit 1
fi
cmp "$report/kernel-first.txt" "$report/kernel-second.txt"

[ ! -e "$report/proof.txt" ] || cat "$report/proof.txt"
echo
echo "lab: second run: changed=0 on all $hosts hosts, and every rule in their kernels still has its handle"
echo "lab: the report is $report/proof.html"
