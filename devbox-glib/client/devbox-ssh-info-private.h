/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-ssh-info.h"

G_BEGIN_DECLS

/* What an SshInfo tells. Strings that are not nullable in the API are never NULL in it, once it is made. */
typedef struct
{
  char *host;
  guint port;
  char *user;
  char *working_directory;
  char *domain;
  char *private_key;
} DevboxSshDetails;

void devbox_ssh_details_clear (DevboxSshDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxSshDetails, devbox_ssh_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxSshInfo *devbox_ssh_info_new (DevboxSshDetails *details);

G_END_DECLS
