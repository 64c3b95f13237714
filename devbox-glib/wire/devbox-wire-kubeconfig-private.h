/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define DEVBOX_WIRE_KUBECONFIG_MAX_SIZE (1024 * 1024)

/* devbox-wire-yaml.c: YAML (of which JSON is a part) as a tree, for small documents: ≤ 1 MiB, depth ≤ 32, one document,
 * no aliases, anchors or tags, names once each, UTF-8 without NUL. Plain scalars become numbers, booleans and null as
 * the core schema has it, quoted ones are strings. Read as events of libyaml. Errors are INVALID_KUBECONFIG with line
 * and column. */
JsonNode *devbox_wire_yaml_parse (const char *data, gsize size, GError **error);
/* The same; lines: where each JsonNode begins, or its name, counted from 1. */
JsonNode *devbox_wire_yaml_parse_with_lines (const char *data, gsize size, GHashTable *lines, GError **error);
/* A line with a string, which is quoted and in ASCII: a token of digits, or a user called "no", stays text. Nothing for
 * NULL. */
void devbox_wire_yaml_append_member (GString *out, const char *indent_and_name, const char *value);

/* devbox-wire-kubeconfig.c: the parts of one kubeconfig that the current context names. Strings belong to the tree. */
typedef struct
{
  const char *context;
  const char *cluster;
  const char *user;
  const char *server;     /* NULL: none */
  const char *name_space; /* NULL: none */
  const char *token;      /* NULL: none; never "" */
  const char *authority;  /* certificate-authority-data: base64 of PEM, NULL: none */
  const char *base_url;   /* of the extension devbox.sealos.io, NULL: none */

  JsonObject *cluster_part; /* all that is said of it, NULL: none */
  JsonObject *user_part;
  JsonNode *fault; /* what the error is about, or what lacks it; NULL: the whole */
} DevboxWireKubeconfig;

/* A kubeconfig, which is YAML; JSON is taken also where libyaml does not understand it. */
JsonNode *devbox_wire_kubeconfig_parse (const char *data, gsize size, GHashTable *lines, GError **error);
/* Clears the strings in the tree, and frees it. NULL is fine. */
void devbox_wire_kubeconfig_free (JsonNode *root);

/* A tree that is freed so. */
typedef JsonNode DevboxWireSecretNode;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWireSecretNode, devbox_wire_kubeconfig_free)

/* context: NULL for the current one. INVALID_KUBECONFIG: no current-context, or one that names what is not there, or
 * members of another type. */
gboolean
devbox_wire_kubeconfig_read (JsonNode *root, const char *context, DevboxWireKubeconfig *kubeconfig, GError **error);

/* Where the local platform leaves the kubeconfig of its first user: $XDG_CONFIG_HOME/devbox-platform/kubeconfig. */
char *devbox_wire_kubeconfig_dup_local_path (void);

G_END_DECLS
