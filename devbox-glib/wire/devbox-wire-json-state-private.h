/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-wire-json-reader-private.h"

G_BEGIN_DECLS

/* The state of a reader, which its two halves share: what stands between tokens, numbers and literals
 * (devbox-wire-json-reader.c), and strings (devbox-wire-json-string.c). */

/* Each container that is open is a bit of a guint64. */
#define DEVBOX_WIRE_JSON_MAX_DEPTH 64
#define DEVBOX_WIRE_JSON_MAX_NAME 1024
/* Names, numbers and the short parts of strings are gathered in a buffer. */
#define DEVBOX_WIRE_JSON_BUFFER_SIZE 4096

typedef enum
{
  DEVBOX_WIRE_JSON_STATE_STRUCTURE,           /* between tokens */
  DEVBOX_WIRE_JSON_STATE_STRING,              /* between characters of a string */
  DEVBOX_WIRE_JSON_STATE_CHARACTER,           /* within one that is not ASCII */
  DEVBOX_WIRE_JSON_STATE_ESCAPE,              /* after a backslash */
  DEVBOX_WIRE_JSON_STATE_HEX_DIGITS,          /* after \u */
  DEVBOX_WIRE_JSON_STATE_SURROGATE_BACKSLASH, /* after the \u escape of a high surrogate */
  DEVBOX_WIRE_JSON_STATE_SURROGATE_U,
  DEVBOX_WIRE_JSON_STATE_NUMBER,
  DEVBOX_WIRE_JSON_STATE_LITERAL,
} DevboxWireJsonState;

/* What may come next, between tokens; nothing but white space when none is set. */
typedef enum
{
  DEVBOX_WIRE_JSON_EXPECT_VALUE = 1 << 0,
  DEVBOX_WIRE_JSON_EXPECT_NAME = 1 << 1,
  DEVBOX_WIRE_JSON_EXPECT_COLON = 1 << 2,
  DEVBOX_WIRE_JSON_EXPECT_COMMA = 1 << 3,
  DEVBOX_WIRE_JSON_EXPECT_CLOSE = 1 << 4,
} DevboxWireJsonExpect;

struct _DevboxWireJsonReader
{
  DevboxWireJsonHandler handler;
  gpointer user_data;
  GError *error; /* the first one: it stays */

  const guint8 *piece;
  guint64 piece_offset; /* of piece[0] in the document */
  guint64 token_offset; /* of the string, number or literal that is being read */
  guint64 escape_offset;

  DevboxWireJsonState state;
  DevboxWireJsonExpect expected;
  guint64 containers; /* the lowest bit is the innermost one: set for an object */
  guint depth;
  guint64 n_containers;                        /* so far */
  guint64 n_values;                            /* likewise, which have ended */
  guint n_members[DEVBOX_WIRE_JSON_MAX_DEPTH]; /* of each object that is open */
  guint64 n_pairs;                             /* of members of one object, where it has many */

  gboolean is_name; /* the string is the name of a member */
  const char *literal;
  guint n_literal;
  guint n_hex_digits;
  gunichar code_unit;
  gunichar high_surrogate; /* 0: none */
  guint8 character[4];
  guint n_character;

  gsize n_buffer;
  char buffer[DEVBOX_WIRE_JSON_BUFFER_SIZE]; /* the last member: not cleared */
};

/* Sets the error; returns NULL. */
const guint8 *devbox_wire_json_reader_fail (DevboxWireJsonReader *self, guint64 offset, const char *problem);

/* Reads on within the string that was begun, as far as it goes; NULL on error. */
const guint8 *
devbox_wire_json_reader_read_string (DevboxWireJsonReader *self, const guint8 *position, const guint8 *end);

static inline guint64
devbox_wire_json_reader_get_offset (DevboxWireJsonReader *self, const guint8 *position)
{
  return self->piece_offset + (position - self->piece);
}

static inline void
devbox_wire_json_reader_end_value (DevboxWireJsonReader *self)
{
  self->n_values++;
  self->state = DEVBOX_WIRE_JSON_STATE_STRUCTURE;
  self->expected = self->depth > 0 ? DEVBOX_WIRE_JSON_EXPECT_COMMA | DEVBOX_WIRE_JSON_EXPECT_CLOSE : 0;
}

G_END_DECLS
