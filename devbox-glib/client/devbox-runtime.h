/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

/* The runtimes that platforms are known to offer. Which ones there are is for the platform to say: any other text may
 * be one too. */

/**
 * DEVBOX_RUNTIME_ANGULAR:
 *
 * The runtime `angular`: Angular.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_ANGULAR "angular"

/**
 * DEVBOX_RUNTIME_ASTRO:
 *
 * The runtime `astro`: Astro.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_ASTRO "astro"

/**
 * DEVBOX_RUNTIME_BASH:
 *
 * The runtime `bash`: plain Bash.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_BASH "bash"

/**
 * DEVBOX_RUNTIME_C:
 *
 * The runtime `c`: C.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_C "c"

/**
 * DEVBOX_RUNTIME_CHI:
 *
 * The runtime `chi`: Go with Chi.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_CHI "chi"

/**
 * DEVBOX_RUNTIME_CPP:
 *
 * The runtime `cpp`: C++.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_CPP "cpp"

/**
 * DEVBOX_RUNTIME_DEBIAN_SSH:
 *
 * The runtime `debian-ssh`: Debian with an SSH server.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_DEBIAN_SSH "debian-ssh"

/**
 * DEVBOX_RUNTIME_DJANGO:
 *
 * The runtime `django`: Python with Django.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_DJANGO "django"

/**
 * DEVBOX_RUNTIME_DOCKER:
 *
 * The runtime `docker`: containers in the devbox.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_DOCKER "docker"

/**
 * DEVBOX_RUNTIME_DOCUSAURUS:
 *
 * The runtime `docusaurus`: Docusaurus.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_DOCUSAURUS "docusaurus"

/**
 * DEVBOX_RUNTIME_ECHO:
 *
 * The runtime `echo`: Go with Echo.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_ECHO "echo"

/**
 * DEVBOX_RUNTIME_EXPRESS_JS:
 *
 * The runtime `express.js`: Node.js with Express.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_EXPRESS_JS "express.js"

/**
 * DEVBOX_RUNTIME_FLASK:
 *
 * The runtime `flask`: Python with Flask.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_FLASK "flask"

/**
 * DEVBOX_RUNTIME_GIN:
 *
 * The runtime `gin`: Go with Gin.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_GIN "gin"

/**
 * DEVBOX_RUNTIME_GO:
 *
 * The runtime `go`: Go.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_GO "go"

/**
 * DEVBOX_RUNTIME_HEXO:
 *
 * The runtime `hexo`: Hexo.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_HEXO "hexo"

/**
 * DEVBOX_RUNTIME_IRIS:
 *
 * The runtime `iris`: Go with Iris.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_IRIS "iris"

/**
 * DEVBOX_RUNTIME_JAVA:
 *
 * The runtime `java`: Java.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_JAVA "java"

/**
 * DEVBOX_RUNTIME_NET:
 *
 * The runtime `net`: .NET.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_NET "net"

/**
 * DEVBOX_RUNTIME_NEXT_JS:
 *
 * The runtime `next.js`: Next.js.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_NEXT_JS "next.js"

/**
 * DEVBOX_RUNTIME_NGINX:
 *
 * The runtime `nginx`: nginx.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_NGINX "nginx"

/**
 * DEVBOX_RUNTIME_NODE_JS:
 *
 * The runtime `node.js`: Node.js.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_NODE_JS "node.js"

/**
 * DEVBOX_RUNTIME_NUXT3:
 *
 * The runtime `nuxt3`: Nuxt 3.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_NUXT3 "nuxt3"

/**
 * DEVBOX_RUNTIME_PHP:
 *
 * The runtime `php`: PHP.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_PHP "php"

/**
 * DEVBOX_RUNTIME_PYTHON:
 *
 * The runtime `python`: Python.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_PYTHON "python"

/**
 * DEVBOX_RUNTIME_QUARKUS:
 *
 * The runtime `quarkus`: Java with Quarkus.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_QUARKUS "quarkus"

/**
 * DEVBOX_RUNTIME_REACT:
 *
 * The runtime `react`: React.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_REACT "react"

/**
 * DEVBOX_RUNTIME_ROCKET:
 *
 * The runtime `rocket`: Rust with Rocket.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_ROCKET "rocket"

/**
 * DEVBOX_RUNTIME_RUST:
 *
 * The runtime `rust`: Rust.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_RUST "rust"

/**
 * DEVBOX_RUNTIME_SEALAF:
 *
 * The runtime `sealaf`: Sealaf.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_SEALAF "sealaf"

/**
 * DEVBOX_RUNTIME_SVELTE:
 *
 * The runtime `svelte`: Svelte.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_SVELTE "svelte"

/**
 * DEVBOX_RUNTIME_UBUNTU:
 *
 * The runtime `ubuntu`: Ubuntu.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_UBUNTU "ubuntu"

/**
 * DEVBOX_RUNTIME_UMI:
 *
 * The runtime `umi`: Umi.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_UMI "umi"

/**
 * DEVBOX_RUNTIME_VERT_X:
 *
 * The runtime `vert.x`: Java with Vert.x.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_VERT_X "vert.x"

/**
 * DEVBOX_RUNTIME_VITEPRESS:
 *
 * The runtime `vitepress`: VitePress.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_VITEPRESS "vitepress"

/**
 * DEVBOX_RUNTIME_VUE:
 *
 * The runtime `vue`: Vue.
 *
 * Since: 1.0
 */
#define DEVBOX_RUNTIME_VUE "vue"
