/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_WIRE_JSON_NUMBER_VALID,
  DEVBOX_WIRE_JSON_NUMBER_MALFORMED,
  DEVBOX_WIRE_JSON_NUMBER_TOO_LARGE, /* an integer beyond 64 bits, or a double that is not finite */
} DevboxWireJsonNumber;

/* The longest number that is taken, in characters. */
#define DEVBOX_WIRE_JSON_MAX_NUMBER 64

/* `text` ends with a NUL and is no longer than that. */
DevboxWireJsonNumber devbox_wire_json_number_check (const char *text);

G_END_DECLS
