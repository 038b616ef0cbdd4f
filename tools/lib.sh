# SPDX-License-Identifier: Apache-2.0 OR MIT
# Shared by tools/run and tools/test. Sourced, with `top` set to the root.

say() { printf '\n== %s\n' "$*"; }

# The packages of the sections named, one a line.
packages_of() {
  local section
  for section in "$@"; do
    awk -v wanted="[$section]" '
      /^\[/ { inside = ($1 == wanted); next }
      inside && $1 !~ /^#/ && NF { print $1 }' "$top/tools/packages.txt"
  done
}

# Installs what is missing of the sections named. Asks apt only then, so that
# a machine without network or root works once everything is there.
install_packages() {
  local missing=() package sudo=()
  for package in $(packages_of "$@"); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0

  say "installing ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "not root and no sudo; as root: apt-get install ${missing[*]}" >&2
      return 1
    }
    sudo=(sudo)
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null
}
