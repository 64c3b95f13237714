/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-template-set-private.h"

G_BEGIN_DECLS

#define DEVBOX_TEMPLATE_FILE_MAX_SIZE (64 * 1024)

/* Reads a template.ini:
 *
 * [Template]
 * Kind=LANGUAGE                       FRAMEWORK, OS, LANGUAGE, SERVICE or (the default) CUSTOM
 * Description=Perl                    with Description[de] and so on
 * Needs=perl:perl-base;cpanm:cpanminus  programs and their Debian packages
 * Ports=8080;8443
 * Command=perl server.pl
 *
 * Nothing but the group has to be there, unknown keys are ignored. VALIDATION_ERROR says which key is wrong. */
DevboxTemplate *devbox_template_file_parse (const char *name, const char *data, gsize size, GError **error);

/* A name for templates: 1 to 63 of [A-Za-z0-9._+-], the first one a letter or digit. */
gboolean devbox_template_file_is_name (const char *text);

G_END_DECLS
