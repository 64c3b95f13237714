#!/bin/bash
set -euo pipefail

name=${1:-bash}
echo "Hello from $name"
