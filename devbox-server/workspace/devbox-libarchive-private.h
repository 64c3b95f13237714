/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <glib.h>

G_BEGIN_DECLS

/* libarchive, which is loaded when it is first needed: with it come libxml2, ICU and the C++ library, 2.2 MiB of
 * resident memory in each agent that never sees an archive. */

#define DEVBOX_LIBARCHIVE_FUNCTIONS(X)                                                                                 \
  X (entry_clear)                                                                                                      \
  X (entry_copy_pathname)                                                                                              \
  X (entry_copy_stat)                                                                                                  \
  X (entry_copy_symlink)                                                                                               \
  X (entry_filetype)                                                                                                   \
  X (entry_free)                                                                                                       \
  X (entry_hardlink)                                                                                                   \
  X (entry_mtime)                                                                                                      \
  X (entry_mtime_is_set)                                                                                               \
  X (entry_mtime_nsec)                                                                                                 \
  X (entry_new)                                                                                                        \
  X (entry_pathname)                                                                                                   \
  X (entry_perm)                                                                                                       \
  X (entry_set_size)                                                                                                   \
  X (entry_size)                                                                                                       \
  X (entry_size_is_set)                                                                                                \
  X (entry_symlink)                                                                                                    \
  X (error_string)                                                                                                     \
  X (filter_bytes)                                                                                                     \
  X (read_data_block)                                                                                                  \
  X (read_free)                                                                                                        \
  X (read_new)                                                                                                         \
  X (read_next_header)                                                                                                 \
  X (read_open)                                                                                                        \
  X (read_set_options)                                                                                                 \
  X (read_support_filter_gzip)                                                                                         \
  X (read_support_filter_zstd)                                                                                         \
  X (read_support_format_tar)                                                                                          \
  X (set_error)                                                                                                        \
  X (write_add_filter_gzip)                                                                                            \
  X (write_close)                                                                                                      \
  X (write_data)                                                                                                       \
  X (write_finish_entry)                                                                                               \
  X (write_free)                                                                                                       \
  X (write_header)                                                                                                     \
  X (write_new)                                                                                                        \
  X (write_open)                                                                                                       \
  X (write_set_bytes_in_last_block)                                                                                    \
  X (write_set_bytes_per_block)                                                                                        \
  X (write_set_format_gnutar)                                                                                          \
  X (write_set_options)

/* Each without the `archive_` in front; called as devbox_libarchive.read_new (). */
typedef struct
{
#define DEVBOX_LIBARCHIVE_MEMBER(name) __typeof__ (archive_##name) *name;
  DEVBOX_LIBARCHIVE_FUNCTIONS (DEVBOX_LIBARCHIVE_MEMBER)
#undef DEVBOX_LIBARCHIVE_MEMBER
} DevboxLibarchive;

extern DevboxLibarchive devbox_libarchive;

/* To be called before any of them; thread safe. SERVER_UNAVAILABLE where the library is not installed. */
gboolean devbox_libarchive_load (GError **error);

G_END_DECLS
