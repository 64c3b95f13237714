/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-host-private.h"
#include "devbox-box-private.h"

G_BEGIN_DECLS

/* What there is of a box while it runs: its sockets, the channel to its agent, and its processes. */
typedef struct _DevboxBoxRuntime DevboxBoxRuntime;

typedef struct
{
  void (*ready) (gpointer user_data);
  void (*ended) (const char *reason, gpointer user_data); /* once; nothing of it is left; NULL: it was told to end */
} DevboxBoxRuntimeFuncs;

/* Writes into the record at which ports it listens. Errors are DEVBOX_WIRE_ERROR. */
DevboxBoxRuntime *devbox_box_runtime_start (DevboxBoxHost *host,
                                            DevboxBoxRecord *record,
                                            const DevboxBoxRuntimeFuncs *funcs,
                                            gpointer user_data,
                                            GError **error);
void devbox_box_runtime_free (DevboxBoxRuntime *self); /* kills what runs, tells nobody */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBoxRuntime, devbox_box_runtime_free)

void devbox_box_runtime_stop (DevboxBoxRuntime *self); /* what runs may end, for up to 10 s */
void devbox_box_runtime_kill (DevboxBoxRuntime *self);

typedef void (*DevboxBoxRuntimeFrozenFunc) (const GError *error, gpointer user_data);
void devbox_box_runtime_freeze (DevboxBoxRuntime *self, DevboxBoxRuntimeFrozenFunc func, gpointer user_data);
gboolean devbox_box_runtime_thaw (DevboxBoxRuntime *self, GError **error);

/* Brings the listening sockets in line with the ports of the record. A port that cannot be had keeps outer 0. */
void devbox_box_runtime_update_ports (DevboxBoxRuntime *self, DevboxBoxRecord *record);
gboolean devbox_box_runtime_set_limits (DevboxBoxRuntime *self, guint cpu, guint memory);
void devbox_box_runtime_get_usage (DevboxBoxRuntime *self, DevboxBoxUsage *usage);

G_END_DECLS
