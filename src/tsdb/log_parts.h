/* What the files of the log share: log_open.c, log_read.c, log.c. */
#ifndef FUSEBOX_TSDB_LOG_PARTS_H
#define FUSEBOX_TSDB_LOG_PARTS_H

#include "tsdb/log.h"

enum { LOG_LABELS_CRC_BYTES = 4, LOG_DAMAGED_WHAT_BYTES = 128 };

struct log_damaged {
    bool is_series;
    int64_t id;
    char what[LOG_DAMAGED_WHAT_BYTES];
};

/* Over reference and labels: bit rot in a label would make a wrong series. */
uint32_t log_labels_crc(uint32_t ref, struct str encoded);

#endif
