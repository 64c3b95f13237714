/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scan, the reader (whole and in pieces) and json-glib must agree about every text. */
#include "../wire/json-recorder.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static GRand *splitter;
  g_autofree char *message = NULL;

  if (splitter == NULL)
    splitter = g_rand_new ();
  g_rand_set_seed (splitter, size);
  message = json_recorder_check_agreement ((const char *) data, size, splitter, 3);

  return 0;
}
