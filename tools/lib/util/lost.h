/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What was lost, by kind: part of every document.
 */
#ifndef NMA_LOST_H
#define NMA_LOST_H

#include <linux/types.h>

#include "nma_event.h"

struct nma_lost {
	__u64 count[NMA_LOSS_MAX];
};

#endif /* NMA_LOST_H */
