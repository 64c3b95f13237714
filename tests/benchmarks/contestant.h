/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PIECE_SIZE (256 * 1024)
#define SMALL_SIZE 1024
#define SMALL_FILE "small.bin"

typedef struct
{
  const char *name;
  guint n_arguments;
  void (*run) (gpointer contestant, char **arguments, GString *figures);
} ContestantOperation;

void contestant_serve (gpointer contestant, const ContestantOperation *operations, gsize n_operations);

void contestant_add_figure (GString *figures, const char *name, double value);
guint contestant_parse_count (const char *text);

int contestant_compare_times (gconstpointer a, gconstpointer b);

G_END_DECLS
