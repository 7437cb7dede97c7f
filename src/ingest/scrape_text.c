#include "ingest/scrape_text.h"

bool scrape_text_is_openmetrics(struct str content_type)
{
    struct str media;

    str_cut(content_type, ';', &media);
    return str_equals_nocase(str_trim(media), STR("application/openmetrics-text"));
}

void scrape_text_init(struct scrape_text *r, struct str body, bool is_openmetrics)
{
    r->is_openmetrics = is_openmetrics;
    exposition_init(&r->plain, body);
    openmetrics_init(&r->openmetrics, body);
}

enum err scrape_text_next(struct scrape_text *r, struct openmetrics_line *ret, struct diag *diag)
{
    if (r->is_openmetrics)
        return openmetrics_next(&r->openmetrics, ret, diag);
    ret->has_exemplar = false;
    return exposition_next(&r->plain, &ret->line, diag);
}

enum err scrape_text_parse_series(const struct scrape_text *r, struct str series,
                                  struct labels_builder *builder, struct diag *diag)
{
    return r->is_openmetrics ? openmetrics_parse_series(series, builder, diag)
                             : exposition_parse_series(series, builder, diag);
}

int scrape_text_line(const struct scrape_text *r)
{
    return r->is_openmetrics ? r->openmetrics.line : r->plain.line;
}
