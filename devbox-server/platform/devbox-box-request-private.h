/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-record-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What the bodies of the lifecycle API ask for, checked (docs/wire.md, "Platform"). Errors are VALIDATION_ERROR and
 * name the member, what it is and what it must be; values of the environment are never told. */

typedef struct
{
  char *name;           /* NULL: not given, as are all others that are NULL or 0 */
  char *runtime;        /* not looked up */
  guint cpu;            /* millicores */
  guint memory;         /* MiB */
  GPtrArray *ports;     /* of DevboxBoxPort */
  GStrv environment;    /* NAME=value */
  char *release_name;   /* the box whose release it starts from … */
  char *release_tag;    /* … and which one */
  gboolean has_network; /* whether shares_network was given */
  gboolean shares_network;
  gboolean wants_startup; /* with startup_command NULL: that of its template */
  char *startup_command;
} DevboxBoxRequest;

void devbox_box_request_free (DevboxBoxRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBoxRequest, devbox_box_request_free)

/* Needs a name, and a runtime or a release. */
DevboxBoxRequest *devbox_box_request_read_create (JsonObject *object, GError **error);
/* Of a release that is known: needs nothing. */
DevboxBoxRequest *devbox_box_request_read_deploy (JsonObject *object, GError **error);
/* Resources and ports. known: the ports that the box has, of which a named one need not tell its number. */
DevboxBoxRequest *devbox_box_request_read_update (JsonObject *object, const GPtrArray *known, GError **error);
/* The same with nothing but ports, and those are needed. */
DevboxBoxRequest *devbox_box_request_read_ports (JsonObject *object, const GPtrArray *known, GError **error);

/* Writes what was given, but for release and startup command, over what the record has. */
void devbox_box_request_apply (const DevboxBoxRequest *self, DevboxBoxRecord *record);

/* *command: NULL: that of the template; "": none. Belongs to the object. */
gboolean devbox_box_request_read_startup (JsonObject *object, const char **command, GError **error);
/* Belong to the object; *description: "" where there is none. */
gboolean
devbox_box_request_read_release (JsonObject *object, const char **tag, const char **description, GError **error);

/* What NAME-TAG becomes as the name of a box: lower case, other characters as hyphens, cut to what fits. */
char *devbox_box_request_make_name (const char *box_name, const char *tag);
gboolean devbox_box_request_check_name (const char *name, GError **error);

G_END_DECLS
