/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-sandbox-private.h"

G_BEGIN_DECLS

/* What a box can be made of: the templates in $XDG_DATA_HOME/devbox-platform/templates/NAME/ and
 * $XDG_DATA_DIRS/devbox-platform/templates/NAME/ ("template.ini", see devbox-template-file-private.h, and the folder
 * "files", which the workspace is seeded from), and those that are built in; the first one of a name counts. Never
 * changes once it is made: in any thread. */
typedef struct _DevboxTemplateSet DevboxTemplateSet;

#define DEVBOX_TEMPLATE_MAX 250 /* that users bring along */

typedef struct
{
  char *name;        /* "node.js": the runtime of a create request */
  char *kind;        /* FRAMEWORK, OS, LANGUAGE, SERVICE or CUSTOM */
  char *description; /* translated */
  GStrv programs;    /* what must be on the PATH of a box, or absolute paths … */
  GStrv packages;    /* … and the Debian package of each */
  GArray *ports;     /* of guint16: what its programs usually listen at */
  char *command; /* how its example is started in a shell, or NULL; the port is PORT of the environment, else 8080 */
} DevboxTemplate;

/* Reads them all; one that is broken is left out with a warning. Blocking, some ms. */
DevboxTemplateSet *devbox_template_set_new (void);
void devbox_template_set_free (DevboxTemplateSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTemplateSet, devbox_template_set_free)

guint devbox_template_set_get_n_templates (DevboxTemplateSet *self); /* sorted by name */
const DevboxTemplate *devbox_template_set_get (DevboxTemplateSet *self, guint i);

/* Also by what the npm client calls it when it falls back ("node-expt-agent"). NULL: VALIDATION_ERROR that names the
 * runtimes there are. */
const DevboxTemplate *devbox_template_set_lookup (DevboxTemplateSet *self, const char *name, GError **error);
/* Whether what it needs is installed, where a box sees it: below /usr in bubblewrap. Else VALIDATION_ERROR that names
 * each missing program and its Debian package ("sudo apt-get install …"). path: where to look; NULL:
 * DEVBOX_SANDBOX_PATH. In any thread. */
gboolean
devbox_template_check_programs (const DevboxTemplate *self, DevboxSandboxKind kind, const char *path, GError **error);
/* Fills an empty folder. In a worker thread. */
gboolean devbox_template_set_seed (DevboxTemplateSet *self,
                                   const char *name,
                                   int folder_fd,
                                   GCancellable *cancellable,
                                   GError **error);

void devbox_template_free (DevboxTemplate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTemplate, devbox_template_free)

G_END_DECLS
