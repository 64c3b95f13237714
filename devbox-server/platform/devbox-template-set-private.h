/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a box can be made of: the built-in templates (a GResource of the library) and those in
 * $XDG_DATA_HOME/devbox-platform/templates/NAME/ and $XDG_DATA_DIRS/devbox-platform/templates/NAME/, where the first
 * one of a name counts: "template.ini" (group [Template]: Name, Kind, Description, Needs=program:package;…, Ports,
 * Command) and the folder "files", which the workspace is seeded from. */
typedef struct _DevboxTemplateSet DevboxTemplateSet;

typedef struct
{
  char *name;        /* "node.js": the runtime of a create request */
  char *kind;        /* FRAMEWORK, OS, LANGUAGE, SERVICE or CUSTOM */
  char *description; /* translated */
  GStrv programs;    /* what must be on the PATH … */
  GStrv packages;    /* … and the Debian package of each */
  GArray *ports;     /* of guint16: what its programs usually listen at */
  char *command;     /* how its example is started, for people, or NULL */
} DevboxTemplate;

/* Reads them all; one that is broken is left out with a warning. Blocking, some ms. */
DevboxTemplateSet *devbox_template_set_new (void);
void devbox_template_set_free (DevboxTemplateSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTemplateSet, devbox_template_set_free)

guint devbox_template_set_get_n_templates (DevboxTemplateSet *self); /* sorted by name */
const DevboxTemplate *devbox_template_set_get (DevboxTemplateSet *self, guint i);

/* NULL: VALIDATION_ERROR that names the runtimes there are. */
const DevboxTemplate *devbox_template_set_lookup (DevboxTemplateSet *self, const char *name, GError **error);
/* Whether what it needs is installed on the PATH of a box; else VALIDATION_ERROR that names each missing program and
 * its Debian package ("sudo apt-get install …"). In any thread. */
gboolean devbox_template_check_programs (const DevboxTemplate *self, GError **error);
/* Fills an empty folder. In a worker thread. */
gboolean devbox_template_set_seed (DevboxTemplateSet *self,
                                   const char *name,
                                   int folder_fd,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
