/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-table-private.h"
#include "devbox-store-private.h"
#include "devbox-workers-private.h"

G_BEGIN_DECLS

/* Takes a sample of each running box every few seconds, spread over the interval, and hands them to the store. The disk
 * is measured by workers, less often the longer it takes. Of the platform's thread. */
typedef struct _DevboxSampler DevboxSampler;

DevboxSampler *
devbox_sampler_new (DevboxBoxTable *boxes, DevboxStore *store, DevboxWorkers *workers, guint interval_ms);
void devbox_sampler_free (DevboxSampler *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSampler, devbox_sampler_free)

G_END_DECLS
