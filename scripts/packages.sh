# What Fusebox needs from Debian, and how it is installed: sourced by ./quickstart and ./check.
#
#   need_to_build; need_to_show; need_to_test      fill `missing` with the names of packages
#   packages_install LOG                           installs `missing`, their services not started
#
# What is there from another source (a command, a pkg-config module) counts as there.

missing=()
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)

need() { # PACKAGE PROBE...
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

has_command() {
    command -v "$1" || [ -x "/usr/sbin/$1" ]
}

node_is_enough() {
    command -v node && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'
}

need_to_build() {
    need gcc has_command gcc
    need g++ has_command g++
    need libc6-dev test -e /usr/include/stdio.h
    need meson has_command meson
    need ninja-build has_command ninja
    need pkg-config has_command pkg-config
    need libxxhash-dev pkg-config --exists libxxhash
    need libyaml-dev pkg-config --exists yaml-0.1
    need libsqlite3-dev pkg-config --exists sqlite3
    need libre2-dev pkg-config --exists re2
    need libzstd-dev pkg-config --exists libzstd
    need zlib1g-dev pkg-config --exists zlib
    need libsnappy-dev pkg-config --exists snappy
    need libcurl4-openssl-dev pkg-config --exists libcurl
    need libmicrohttpd-dev pkg-config --exists libmicrohttpd
    need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
    need nodejs node_is_enough
    need npm has_command npm
}

need_to_show() {
    need haproxy has_command haproxy
    need nginx-light has_command nginx
}

need_to_test() {
    need libcmocka-dev pkg-config --exists cmocka
    need clang-format has_command clang-format
    need prometheus has_command prometheus
    need chromium has_command chromium
    need strace has_command strace
    need procps has_command ps
    need curl has_command curl
    need iproute2 has_command ss
}

policy=/usr/sbin/policy-rc.d

# While packages are installed no service may start; 101 means "forbidden by policy".
services_hold() {
    if [ -e "$policy" ] && [ ! -e "$policy.before-fusebox" ]; then
        "${sudo[@]}" mv "$policy" "$policy.before-fusebox"
    fi
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
    services_held=yes
}

services_let_go() {
    [ "${services_held:-}" = yes ] || return 0
    "${sudo[@]}" rm -f "$policy"
    [ ! -e "$policy.before-fusebox" ] || "${sudo[@]}" mv "$policy.before-fusebox" "$policy"
    services_held=
}

# The units of what we have just installed do not start with the machine either.
services_disable() {
    local package
    command -v systemctl >/dev/null || return 0
    for package in "$@"; do
        case $package in
        nginx-light) "${sudo[@]}" systemctl disable --quiet nginx.service 2>/dev/null || true ;;
        haproxy | prometheus) "${sudo[@]}" systemctl disable --quiet "$package.service" 2>/dev/null || true ;;
        esac
    done
}

apt() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 "$@"
}

packages_install() { # LOG; prints what it installs
    local log=$1
    [ "${#missing[@]}" -gt 0 ] || { echo "      all packages are there"; return 0; }
    command -v apt-get >/dev/null || { echo "these are missing, and apt-get is not here: ${missing[*]}" >&2; return 1; }
    [ "${#sudo[@]}" = 0 ] || command -v sudo >/dev/null || { echo "run this as root, or install sudo" >&2; return 1; }
    echo "      ${missing[*]}"
    [ "${#sudo[@]}" = 0 ] || sudo -v
    services_hold
    logged "$log" apt update -q || { services_let_go; return 1; }
    logged "$log" apt install -q -y --no-install-recommends "${missing[@]}" || { services_let_go; return 1; }
    services_let_go
    services_disable "${missing[@]}"
    missing=()
}

# Runs a noisy command into the log; shows the log's end when it fails.
logged() { # LOG COMMAND...
    local log=$1 code=0
    shift
    echo "\$ $*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null || code=$?
    [ $code = 0 ] && return 0
    if [ $code -lt 128 ]; then
        echo "failed ($code): $*; the end of $log:" >&2
        tail -n 20 "$log" >&2
    fi
    return $code
}
