/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How DevboxWireJsonReader takes a document that is fed in pieces: the error's message (NULL when it was accepted), and
 * the events written down as JSON again. `splitter` NULL: in one piece; else in pieces of 0 to `max_piece` bytes.
 * Aborts when the events break the reader's own rules. */
char *json_recorder_read (const char *data, gsize size, GRand *splitter, guint max_piece, GString *record);

/* The verdict of the scan, checked against the reader with the document whole, byte by byte and in random pieces, and
 * against json-glib when it is accepted. Aborts on any disagreement. */
char *json_recorder_check_agreement (const char *data, gsize size, GRand *splitter, guint n_splits);

G_END_DECLS
