/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-pipe-private.h"

G_BEGIN_DECLS

/* A request body that comes through a pipe, in the I/O thread; also as the base64 content of a JSON body, of which
 * `head` and `tail` are the rest. It never blocks. */
#define DEVBOX_TYPE_PIPED_BODY (devbox_piped_body_get_type ())
G_DECLARE_FINAL_TYPE (DevboxPipedBody, devbox_piped_body, DEVBOX, PIPED_BODY, GInputStream)

typedef enum
{
  DEVBOX_PIPED_BODY_BEGINS, /* the first byte is about to be read */
  DEVBOX_PIPED_BODY_FAILS,  /* an error is about to be returned: after that libsoup may end the body as if it were whole
                             */
} DevboxPipedBodyEvent;

typedef void (*DevboxPipedBodyFunc) (DevboxPipedBodyEvent event, gpointer data);

DevboxPipedBody *
devbox_piped_body_new (DevboxPipe *pipe, const char *head, const char *tail, DevboxPipedBodyFunc func, gpointer data);
/* Whatever would come next, this is the end; closes the pipe. FALSE if nothing was to come. */
gboolean devbox_piped_body_cut (DevboxPipedBody *self);
/* Lets go of the pipe, and calls the function no more. */
void devbox_piped_body_detach (DevboxPipedBody *self);

G_END_DECLS
