#!/usr/bin/env bash
# ansible-test sanity on a copy of what git knows: it wants a real ansible_collections/vidnet/portmatrix directory under git.
set -euo pipefail
top=$(git rev-parse --show-toplevel)
cd "$top"
collection=.cache/sanity/ansible_collections/vidnet/portmatrix
home=.cache/sanity-home
rm -rf .cache/sanity
mkdir -p "$collection" "$home/.ansible/test/cache"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ ! -e "$file" ] || cp --parents --no-dereference "$file" "$collection"
done
git -C "$collection" init --quiet
git -C "$collection" add --all

# Its virtual environments begin with a downloaded get-pip.py; ours needs no download. A home of its own keeps the user's cache
# as it is, and the user's settings of pip stay in force.
for settings in .config .pip; do
  [ ! -e "$HOME/$settings" ] || ln -sfn "$HOME/$settings" "$home/$settings"
done
requirements=$(python -c 'import ansible_test, pathlib; print(pathlib.Path(ansible_test.__path__[0], "_internal/python_requirements.py"))')
for version in $(grep -oE "pip='[0-9.]+'" "$requirements" | tr -dc '0-9.\n'); do
  cp tests/tools/get_pip.py "$home/.ansible/test/cache/get_pip_${version//./_}.py"
done

version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
export HOME=$top/$home LANG=C.UTF-8 LC_ALL=C.UTF-8
cd "$collection"
sanity=(ansible-test sanity --color no --python "$version")
scripts=()
for script in plugins/modules/*.ps1; do
  [ ! -e "$script" ] || scripts+=("$script")
done
if [ $# -gt 0 ] || [ ${#scripts[@]} -eq 0 ] || command -v pwsh > /dev/null; then
  exec "${sanity[@]}" "$@"
fi

# pslint does without PowerShell by itself, and says so. validate-modules fails: it asks the script for its options. A unit test
# holds the options and the documentation together, by a grammar.
"${sanity[@]}" --skip-test validate-modules
excluded=()
for script in "${scripts[@]}"; do
  excluded+=(--exclude "$script")
done
"${sanity[@]}" --test validate-modules "${excluded[@]}"
echo "SKIPPED: pwsh is not installed, so validate-modules has left out: ${scripts[*]}" >&2
