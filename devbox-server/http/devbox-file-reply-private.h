/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* Answers with the content of a file; both take the descriptor. size: what stat told; a file that grew meanwhile is
 * sent up to it, one that shrank ends the connection, since the announced length cannot be kept. */
void devbox_file_reply_bytes (DevboxHttpExchange *exchange, const char *content_type, int fd, goffset size);
/* {success, path, content, encoding:"base64", size}, encoded as it is sent: memory does not grow with the file. */
void devbox_file_reply_base64 (DevboxHttpExchange *exchange, const char *path, int fd, goffset size);

G_END_DECLS
