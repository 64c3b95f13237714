/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a client may count on, as a JSON array: the dialects, and what this agent has beyond them. */
#define DEVBOX_CAPABILITIES "[\"classic\",\"current\",\"write-mode\"]"
