/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-sample.h"

G_BEGIN_DECLS

/* What a Sample tells. Strings that are not nullable in the API are never NULL in it, once it is made. */
typedef struct
{
  GDateTime *timestamp;
  double cpu;
  double memory;
  guint64 bytes_received;
  guint64 bytes_sent;
  guint64 disk_used;
  guint64 disk_total;
} DevboxSampleDetails;

void devbox_sample_details_clear (DevboxSampleDetails *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxSampleDetails, devbox_sample_details_clear)

/* Takes what the details hold; they are empty afterwards. */
DevboxSample *devbox_sample_new (DevboxSampleDetails *details);

G_END_DECLS
