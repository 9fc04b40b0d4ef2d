#!/usr/bin/env bash
# Builds the artifact from what git knows and lets Galaxy's importer judge it: any warning of the importer is an error here.
set -euo pipefail
top=$(git rev-parse --show-toplevel)
cd "$top"
rm -rf .cache/build dist
mkdir -p .cache/build dist
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ ! -e "$file" ] || cp --parents --no-dereference "$file" .cache/build
done
ansible-galaxy collection build --output-path dist .cache/build
artifact=$(ls dist/*.tar.gz)
cd .cache/build    # the importer writes importer_result.json where it runs
log=$(python -m galaxy_importer.main "$top/$artifact" 2>&1) || { echo "$log"; exit 1; }
echo "$log"
if grep -E '^(WARNING|ERROR)' <<< "$log"; then
  echo "Galaxy's importer is not content with $artifact" >&2
  exit 1
fi
