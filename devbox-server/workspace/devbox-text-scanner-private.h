/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Looks for a keyword in files, one after the other, piece by piece: memory does not grow with a file, and a keyword
 * may lie across pieces. One thread at a time. */
typedef struct _DevboxTextScanner DevboxTextScanner;

#define DEVBOX_TEXT_PIECE_SIZE (256 * 1024)

/* The keyword, at least one byte, stays the caller's. */
DevboxTextScanner *devbox_text_scanner_new (const char *keyword);
void devbox_text_scanner_free (DevboxTextScanner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTextScanner, devbox_text_scanner_free)

typedef enum
{
  DEVBOX_TEXT_SCAN_FOUND,
  DEVBOX_TEXT_SCAN_NOT_FOUND,
  DEVBOX_TEXT_SCAN_NOT_TEXT, /* its first DEVBOX_TEXT_PIECE_SIZE bytes are not UTF-8, or there is a NUL among them */
  DEVBOX_TEXT_SCAN_FAILED,   /* errno says why: ECANCELED when cancelled */
} DevboxTextScan;

/* Reads from the descriptor's position on, up to the first occurrence or the end. */
DevboxTextScan devbox_text_scanner_scan (DevboxTextScanner *self, int fd, GCancellable *cancellable);

/* read (), but not ended by a signal. */
gssize devbox_text_read (int fd, guint8 *data, gsize size);

G_END_DECLS
