/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-multipart-private.h"

/* What a form holds, as text: "[name|file name|content type]content." a part, with "-" for what is not there. Fails
 * when the events do not come in the order that they must have. NULL when the form is malformed. piece: the bytes fed
 * at a time. */
GString *multipart_record (const char *boundary, const guint8 *data, gsize size, gsize piece, GError **error);
