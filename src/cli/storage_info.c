#include "cli/storage_info.h"

#include "base/human.h"
#include "cli/ask.h"
#include "cli/colour.h"

enum { TEXT_MAX_BYTES = 1 << 16 };

static uint64_t figure(struct json_value doc, const char *path)
{
    int64_t value = json_read_i64(json_read_at(doc, path), 0);

    return value < 0 ? 0 : (uint64_t)value;
}

/* Prints the text at the path, and tells whether there was one. */
static bool print_at(FILE *out, struct json_value doc, const char *path, int width)
{
    struct arena arena = arena_limited(TEXT_MAX_BYTES);
    struct str text = STR_NONE;
    bool there = json_read_str(json_read_at(doc, path), &arena, &text) && text.len;

    if (there)
        ask_print_text(out, text);
    for (int i = (int)text.len; i < width; i++)
        fputc(' ', out);
    arena_release(&arena);
    return there;
}

static void print_count(FILE *out, struct json_value doc, const char *path, const char *words)
{
    char text[HUMAN_TEXT_BYTES];

    fprintf(out, "%s %s", human_count(figure(doc, path), text), words);
}

/* " · 12 late", unless there are none. */
static void print_some(FILE *out, struct json_value doc, const char *path, const char *words)
{
    if (!figure(doc, path))
        return;
    fputs(" · ", out);
    print_count(out, doc, path, words);
}

static void print_sentence(FILE *out, struct json_value doc)
{
    struct str severity = json_read_at(doc, "sentence.severity").text;
    bool bad = str_equals(severity, STR("\"critical\"")) ||
               str_equals(severity, STR("\"warning\""));

    fputs(colour_on(out, bad ? COLOUR_BAD : COLOUR_STRONG), out);
    (void)print_at(out, doc, "sentence.text", 0);
    fprintf(out, "%s\n", colour_off(out));
    if (print_at(out, doc, "sentence.detail", 0))
        fputc('\n', out);
    fputc('\n', out);
}

static void print_memory(FILE *out, struct json_value doc)
{
    struct json_value part = { 0 };
    char a[HUMAN_TEXT_BYTES];

    fprintf(out, "memory     %s", human_bytes(figure(doc, "memory.used_bytes"), a));
    if (figure(doc, "memory.budget_bytes"))
        fprintf(out, " of %s", human_bytes(figure(doc, "memory.budget_bytes"), a));
    while (json_read_next(json_read_at(doc, "memory.used"), &part)) {
        fputs(" · ", out);
        ask_print_text(out, part.key);
        fprintf(out, " %s", human_bytes((uint64_t)json_read_i64(part, 0), a));
    }
    fputs("\nhead       ", out);
    print_count(out, doc, "head.series", "series");
    print_some(out, doc, "head.evicted", "have left memory");
    print_some(out, doc, "head.refused", "were refused");
    print_some(out, doc, "head.unsealed_samples", "samples not sealed yet");
    fputc('\n', out);
}

static void print_disk(FILE *out, struct json_value doc)
{
    char a[HUMAN_TEXT_BYTES], b[HUMAN_TEXT_BYTES];

    fputs("log        ", out);
    print_count(out, doc, "log.rows", figure(doc, "log.rows") == 1 ? "row" : "rows");
    fprintf(out, " · %s\nblocks     ", human_bytes(figure(doc, "log.bytes"), a));
    print_count(out, doc, "disk.blocks", figure(doc, "disk.blocks") == 1 ? "file" : "files");
    fprintf(out, " · %s", human_bytes(figure(doc, "disk.bytes"), a));
    print_some(out, doc, "disk.samples", "samples");
    if (json_read_at(doc, "disk.bytes_per_sample").kind == JSON_NUMBER)
        fprintf(out, " · %.2f bytes per sample",
                json_read_double(json_read_at(doc, "disk.bytes_per_sample"), 0));
    if (figure(doc, "disk.total_bytes"))
        fprintf(out, "\ndisk       %s of %s free", human_bytes(figure(doc, "disk.free_bytes"), a),
                human_bytes(figure(doc, "disk.total_bytes"), b));
    fputc('\n', out);
}

static void print_work(FILE *out, struct json_value doc)
{
    char text[HUMAN_TEXT_BYTES];

    fputs("samples    ", out);
    print_count(out, doc, "samples.appended", "since the start");
    print_some(out, doc, "samples.late", "late");
    print_some(out, doc, "samples.duplicate", "came twice");
    print_some(out, doc, "samples.out_of_order", "too far behind");
    print_some(out, doc, "samples.too_old", "too old");
    print_some(out, doc, "samples.future", "from the future");
    print_some(out, doc, "samples.orphaned", "without a series");
    fputs("\nseals      ", out);
    print_count(out, doc, "seals.count", "since the start");
    print_some(out, doc, "seals.failures", "failed");
    if (json_read_at(doc, "seals.last_at").kind == JSON_STRING) {
        fputs(" · last at ", out);
        (void)print_at(out, doc, "seals.last_at", 0);
    }
    fputs("\nretention  ", out);
    if (figure(doc, "retention.time_ms"))
        fputs(human_duration((int64_t)figure(doc, "retention.time_ms"), text), out);
    else
        fputs("everything is kept", out);
    if (figure(doc, "retention.bytes"))
        fprintf(out, ", in at most %s", human_bytes(figure(doc, "retention.bytes"), text));
    fputc('\n', out);
}

static void print_range(FILE *out, struct json_value doc)
{
    if (json_read_at(doc, "range.min").kind != JSON_STRING)
        return;
    fputs("range      ", out);
    (void)print_at(out, doc, "range.min", 0);
    fputs(" to ", out);
    (void)print_at(out, doc, "range.max", 0);
    fputc('\n', out);
}

static void print_block(FILE *out, struct json_value block)
{
    char a[HUMAN_TEXT_BYTES];

    (void)print_at(out, block, "name", 26);
    fputs("  ", out);
    (void)print_at(out, block, "min", 24);
    fputs("  ", out);
    (void)print_at(out, block, "max", 24);
    fprintf(out, "  %5llu", (unsigned long long)figure(block, "level"));
    fprintf(out, "  %12s", human_count(figure(block, "series"), a));
    fprintf(out, "  %15s", human_count(figure(block, "samples"), a));
    fprintf(out, "  %8s%s\n", human_bytes(figure(block, "bytes"), a),
            json_read_bool(json_read_at(block, "damaged"), false) ? "  damaged" : "");
}

static void print_blocks(FILE *out, struct json_value doc)
{
    struct json_value blocks = json_read_at(doc, "blocks"), block = { 0 };

    if (!json_read_next(blocks, &block))
        return;
    fprintf(out, "\n%s%-26s  %-24s  %-24s  %5s  %12s  %15s  %8s%s\n", colour_on(out, COLOUR_STRONG),
            "BLOCK", "FROM", "TO", "LEVEL", "SERIES", "SAMPLES", "SIZE", colour_off(out));
    do
        print_block(out, block);
    while (json_read_next(blocks, &block));
}

static void print_damages(FILE *out, struct json_value doc)
{
    struct json_value damage = { 0 };

    if (!figure(doc, "damaged"))
        return;
    fprintf(out, "\n%s%llu damaged%s\n", colour_on(out, COLOUR_BAD),
            (unsigned long long)figure(doc, "damaged"), colour_off(out));
    while (json_read_next(json_read_at(doc, "damages"), &damage)) {
        (void)print_at(out, damage, "path", 0);
        fprintf(out, ": offset %llu: ", (unsigned long long)figure(damage, "offset"));
        (void)print_at(out, damage, "what", 0);
        fputc('\n', out);
    }
}

static void print_notices(FILE *out, struct json_value doc)
{
    struct json_value notice = { 0 };

    while (json_read_next(json_read_at(doc, "notices"), &notice)) {
        fputs(colour_on(out, COLOUR_BAD), out);
        (void)print_at(out, notice, "text", 0);
        fprintf(out, "%s\n", colour_off(out));
    }
}

void storage_info_print(FILE *out, struct json_value doc)
{
    print_notices(out, doc);
    print_sentence(out, doc);
    print_memory(out, doc);
    print_disk(out, doc);
    print_work(out, doc);
    print_range(out, doc);
    print_blocks(out, doc);
    print_damages(out, doc);
}
