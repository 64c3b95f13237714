#!/bin/bash
set -euo pipefail

system=$(uname -sr)
if [[ -r /etc/os-release ]]; then
  system=$(. /etc/os-release && echo "$PRETTY_NAME")
fi
echo "Hello from ubuntu: this is $system"
