/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-template.h"

G_BEGIN_DECLS

/* What a Template tells. Strings that are not nullable in the API are never NULL in it, once it is made. */
typedef struct
{
  char *name;
  char *title;
  char *uid;
  char *kind;
  char *description;
  gboolean available;
  char *reason;
  GListModel *ports;
  GStrv release_command;
  GStrv release_arguments;
  char *user;
  char *working_directory;
} DevboxTemplateDetails;

void devbox_template_details_clear (DevboxTemplateDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxTemplateDetails, devbox_template_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxTemplate *devbox_template_new (DevboxTemplateDetails *details);

G_END_DECLS
