#!/usr/bin/env bash
# The unit tests under every supported release of ansible-core for which this machine has a Python, but for the one in .venv.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"
tested=$(python -c 'import ansible.release; print(".".join(ansible.release.__version__.split(".")[:2]))')
while read -r python core; do
  release=${core%.*}
  [ "$release" != "$tested" ] || continue
  if ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    echo "SKIPPED: unit tests under ansible-core $release, as there is no $python here" >&2
    continue
  fi
  environment=.cache/core-$release
  echo "== ansible-core $core, $python"
  "$python" -m venv --clear "$environment"
  grep -v '^ansible-core' tests/requirements-demo.txt > "$environment/requirements.txt"
  grep -Ev '^(-r|#)' tests/requirements.txt >> "$environment/requirements.txt"
  "$environment/bin/pip" install --quiet --disable-pip-version-check -c tests/constraints.txt -r "$environment/requirements.txt" "ansible-core==$core"
  "$environment/bin/python" -m pytest -q tests/unit tests/integration/test_inventory_door.py
done << 'END'
python3.11 2.18.19
python3.11 2.19.14
python3.12 2.20.10
python3.13 2.21.5
END
