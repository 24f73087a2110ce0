#!/bin/bash
# Installs the Debian packages of the clients under test: those that each client.json names.
#   --with-rabbitmq   also rabbitmq-server, the judge of the conformance suite; it is not started
# Does nothing when all are there. Runs as root, or with sudo.
set -euo pipefail

cd "$(dirname "$0")"
with_rabbitmq=no
for argument in "$@"; do
  case $argument in
    --with-rabbitmq) with_rabbitmq=yes ;;
    *)
      echo "usage: $0 [--with-rabbitmq]" >&2
      exit 2
      ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo 'This is not a Debian system: the clients that are packaged for Debian stay uninstalled and will be skipped.'
  exit 0
fi

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

mapfile -t packages < <(
  sed -n 's/^ *"packages": \[\(.*\)\].*$/\1/p' ./*/client.json | tr -d '" ' | tr ',' '\n' | sort -u
)
if [ "$with_rabbitmq" = yes ]; then packages+=(rabbitmq-server); fi

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All ${#packages[@]} packages are installed."
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Installing ${missing[*]} needs root or sudo." >&2
    exit 1
  fi
  as_root=(sudo)
fi

# A package must not start its service here: the port may be taken, and nobody asked for a running broker.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  if [ -e "$policy" ]; then return; fi
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
}

apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"; }

echo "Installing ${missing[*]}"
forbid_services
if ! apt_get install -y --no-install-recommends "${missing[@]}"; then
  # Most often the package lists are absent or old.
  apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}"
fi
