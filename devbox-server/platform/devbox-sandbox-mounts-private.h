/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Arguments of bubblewrap, appended to arrays of owned strings. */

void devbox_sandbox_mounts_append (GPtrArray *arguments, ...) G_GNUC_NULL_TERMINATED;

/* The system that a box sees: /usr and what points into it, /proc without what could reach the host, a small /dev, a
 * /tmp, and of /etc what programs need and anybody on this machine may read. */
void devbox_sandbox_mounts_append_system (GPtrArray *arguments);
/* How the host resolves names, for a box that shares its network. */
void devbox_sandbox_mounts_append_network (GPtrArray *arguments);
/* A program that does not lie in /usr, with the libraries that do not either. */
void devbox_sandbox_mounts_append_program (GPtrArray *arguments, const char *program);

gboolean devbox_sandbox_mounts_has (const char *path); /* is part of the system that a box sees */

G_END_DECLS
