/* Looking at the store from outside: counters, blocks, damage, cardinality. */
#include "base/size.h"
#include "tsdb/internal.h"

static void count_blocks(struct tsdb *db, struct tsdb_stats *ret)
{
    struct block_set *set = block_sets_get(&db->sets);

    ret->blocks_count = set->count;
    ret->blocks_bytes = set->bytes;
    ret->blocks_samples_count = set->sample_count;
    ret->min_ts_ms = set->min_ts_ms < db->head.min_ts_ms ? set->min_ts_ms : db->head.min_ts_ms;
    ret->max_ts_ms = set->max_ts_ms > db->head.max_ts_ms ? set->max_ts_ms : db->head.max_ts_ms;
    block_set_unref(set);
}

void tsdb_stats(struct tsdb *db, struct tsdb_stats *ret)
{
    *ret = (struct tsdb_stats){
        .series_count = db->index.series_count,
        .series_created_count = db->index.created_count,
        .series_refused_count = db->refused_count,
        .series_evicted_count = db->evicted_count,
        .chunk_count = slab_used_count(&db->head.slab),
        .memory_bytes = index_bytes(&db->index) + head_bytes(&db->head),
        .samples_appended_count = db->head.appended_count,
        .samples_late_count = db->head.late_count,
        .samples_out_of_order_count = db->out_of_order_count,
        .samples_too_old_count = db->too_old_count,
        .samples_duplicate_count = db->head.duplicate_count,
        .samples_future_count = db->future_count,
        .samples_orphaned_count = db->orphaned_count,
        .samples_unsealed_count = db->head.unsealed_count,
        .commits_count = db->commits_count,
        .commit_failures_count = db->commit_failures_count,
        .log_rows_count = db->log.row_count,
        .log_bytes = db->log.body_bytes,
        .event_rows_count = db->events.row_count,
        .events_count = db->events.event_count,
        .events_bytes = db->events.body_bytes,
        .seals_count = db->seals_count,
        .seal_failures_count = db->seal_failures_count,
        .merges_count = db->merges_count,
        .merge_failures_count = db->merge_failures_count,
        .blocks_dropped_count = db->dropped_count,
        .damaged_count = db->damages.count,
        .replayed_samples_count = db->replayed_samples_count,
        .replay_duration_ns = db->replay_duration_ns,
        .last_commit_duration_ns = db->last_commit_duration_ns,
        .last_seal_duration_ns = db->last_seal_duration_ns,
        .last_seal_ms = db->last_seal_ms,
        .clock_behind_ms = db->clock_behind_ms,
    };
    count_blocks(db, ret);
}

static enum err copy_rows(struct tsdb *db, const struct block_set *set, struct arena *arena,
                          struct tsdb_block_row *rows)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct block_entry *entry = &set->entries[i];
        const struct block_info *info = block_info(entry->block);

        rows[i] = (struct tsdb_block_row){
            .name = arena_copy(arena, str_of(entry->row.name)),
            .level = entry->row.level,
            .min_ts_ms = info->min_ts_ms,
            .max_ts_ms = info->max_ts_ms,
            .series_count = info->series_count,
            .sample_count = info->sample_count,
            .bytes = info->bytes,
            .damaged = damages_has(&db->damages, block_path(entry->block)),
        };
        if (!rows[i].name)
            return arena_error(arena);
    }
    return ERR_OK;
}

enum err tsdb_blocks(struct tsdb *db, struct arena *arena, struct tsdb_block_row **ret,
                     size_t *ret_count)
{
    struct block_set *set = block_sets_get(&db->sets);
    struct tsdb_block_row *rows = arena_alloc_zero(arena, set->count + 1, sizeof *rows);
    enum err err = rows ? copy_rows(db, set, arena, rows) : arena_error(arena);

    if (!err) {
        *ret = rows;
        *ret_count = set->count;
    }
    block_set_unref(set);
    return err;
}

enum err tsdb_damages(struct tsdb *db, struct arena *arena, struct tsdb_damage **ret,
                      size_t *ret_count)
{
    return damages_list(&db->damages, arena, ret, ret_count);
}

enum err tsdb_cardinality(struct tsdb *db, size_t top, struct arena *arena, struct cardinality *ret)
{
    return cardinality_read(&db->index, top, arena, ret);
}
