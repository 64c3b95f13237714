#!/bin/sh
echo "Hello from docker"
