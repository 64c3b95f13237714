/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_SAMPLE (devbox_sample_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxSample, devbox_sample, DEVBOX, SAMPLE, GObject)

DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_sample_get_timestamp (DevboxSample *self);
DEVBOX_AVAILABLE_IN_1_0
double devbox_sample_get_cpu (DevboxSample *self);
DEVBOX_AVAILABLE_IN_1_0
double devbox_sample_get_memory (DevboxSample *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_sample_get_bytes_received (DevboxSample *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_sample_get_bytes_sent (DevboxSample *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_sample_get_disk_used (DevboxSample *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_sample_get_disk_total (DevboxSample *self);

G_END_DECLS
