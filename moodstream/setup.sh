#!/usr/bin/env bash
# Makes .venv and installs what the locks name: `make setup` runs it whenever a lock is newer than the last setup.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# The first Python 3.11 to 3.13 on PATH that can make an environment.
find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3 python; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$candidate"; return
    fi
  done
  stop "no Python 3.11, 3.12 or 3.13 with the venv module on PATH: install one (on Debian and Ubuntu: apt-get install python3-venv), or name it: make setup PYTHON=/path/to/python3.12"
}

# Runs a command; where there's no terminal to draw its progress on, says every 15 s how much has arrived.
with_progress() {
  if [ -t 2 ]; then "$@"; return; fi
  local before began=$SECONDS ticker code=0
  before=$(used_mb)
  (
    trap 'kill "$nap"; exit' TERM
    while sleep 15 & nap=$!; wait "$nap"; do say "  … $((SECONDS - began)) s, about $(($(used_mb) - before)) MB on disk so far"; done
  ) &
  ticker=$!
  "$@" --quiet || code=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  return "$code"
}
used_mb() { df -Pm .venv | awk 'NR == 2 {print $3}'; }

make_venv() {
  if .venv/bin/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then return; fi
  local python; python=$(find_python)
  say "making .venv with $("$python" --version) ($python)"
  rm -rf .venv
  "$python" -m venv .venv || stop "$python can't make an environment here; see above"
}

install_uv() {
  local wanted; wanted=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' locks/uv.txt)
  if [ "$(.venv/bin/uv --version 2>/dev/null | awk '{print $2}')" = "$wanted" ]; then return; fi
  say "installing uv $wanted, checked by its hash (20 MB)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r locks/uv.txt \
    || stop "uv can't be installed: is the package index reachable? (pip config and PIP_INDEX_URL say which one is asked)"
}

install_locked() {
  say "installing $(grep -c '^[a-z].*==' locks/requirements.txt) locked packages, checked by their hashes (0.3 GB to download the first time, 1 GB unpacked)"
  with_progress .venv/bin/uv pip install --require-hashes -r locks/requirements.txt \
    || stop "the locked packages can't be installed; on arm64 one is built here and needs a C compiler (apt-get install gcc)"
}

install_moodstream() {
  say "installing moodstream itself, as it stands in this folder"
  .venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
}

# The build of torch for this machine, from PyTorch's own index where it can be reached, else the index's usual one.
install_torch() {
  local wanted installed
  wanted=$(sed -n 's/^torch==\([^ ]*\).*/\1/p' locks/torch.txt)
  installed=$(.venv/bin/python -c 'from importlib.metadata import version; print(version("torch").split("+")[0])' 2>/dev/null || true)
  if [ "$installed" = "$wanted" ]; then return; fi
  if torch_index_answers; then
    say "installing torch $wanted, the build for this machine (CPU only: 0.2 GB to download; CUDA: 3 GB, 5 GB unpacked)"
    if with_progress .venv/bin/uv pip install --torch-backend=auto torch -c locks/torch.txt; then return; fi
  fi
  say "PyTorch's index of smaller builds can't be reached: installing the usual torch $wanted with CUDA (3 GB to download, 5 GB unpacked: minutes)"
  with_progress .venv/bin/uv pip install torch -c locks/torch.txt || stop "torch can't be installed; see above"
}

# Asks without installing, with no second try, so that a machine without that index waits seconds and not minutes.
torch_index_answers() {
  UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=8 UV_HTTP_CONNECT_TIMEOUT=5 \
    .venv/bin/uv pip install --quiet --dry-run --torch-backend=auto torch -c locks/torch.txt 2>/dev/null
}

export UV_PYTHON=.venv/bin/python UV_LINK_MODE="${UV_LINK_MODE:-hardlink}"
make_venv
install_uv
install_locked
install_moodstream
install_torch
say "set up: .venv/bin/moodstream is ready"
