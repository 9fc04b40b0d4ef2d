#!/usr/bin/env bash
# What depends on ansible-core, tested under every supported release for which this machine has a Python, but for the one in .venv.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"
tested=$(python -c 'import ansible.release; print(".".join(ansible.release.__version__.split(".")[:2]))')

find_python() {    # a Python of this version that can make environments: on PATH, or one that pyenv has beside its current one
  local python
  for python in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if "$python" -c 'import ensurepip, venv' 2> /dev/null; then
      echo "$python"
      return
    fi
  done
  return 1
}

while read -r version core; do
  release=${core%.*}
  [ "$release" != "$tested" ] || continue
  if ! python=$(find_python "$version"); then
    echo "SKIPPED: ansible-core $release, as there is no Python $version here" >&2
    continue
  fi
  echo "== ansible-core $core, Python $version"
  environment=.cache/core-$release
  "$python" -m venv --clear "$environment"
  cat tests/requirements-demo.txt tests/requirements.txt | grep -Ev '^(ansible-core|-r|#)' > "$environment/requirements.txt"
  grep -v '^resolvelib' tests/constraints.txt > "$environment/constraints.txt"    # each release wants its own
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -c "$environment/constraints.txt" \
    -r "$environment/requirements.txt" "ansible-core==$core"
  # What meets Ansible; the rest is the same under each of them.
  unit=tests/unit/plugins
  "$environment/bin/python" -m pytest -q -m "not managers and not pages" tests/integration "$unit"/{action,callback,filter,lookup} \
    "$unit"/modules/test_{host_firewall,nftables_policy,policy_counters,port_listen,port_probe}.py \
    "$unit/plugin_utils/test_ansible_values.py" --ignore tests/integration/test_lab.py
done << 'END'
3.11 2.18.19
3.11 2.19.14
3.12 2.20.10
3.13 2.21.5
END
