#!/bin/sh
# nginx takes no port from the environment.
set -eu

mkdir -p run
sed "s/127\.0\.0\.1:8080/127.0.0.1:${PORT:-8080}/" nginx.conf > run/nginx.conf
exec /usr/sbin/nginx -p "$PWD" -e stderr -c run/nginx.conf
