#include "monitor/publication.h"

void publication_init(struct publication *p)
{
    *p = (struct publication){ .view = NULL };
    lock_init(&p->lock, LOCK_RANK_PUBLISH);
}

void publication_release(struct publication *p)
{
    view_unref(p->view);
    p->view = NULL;
    lock_release(&p->lock);
}

void publication_set(struct publication *p, struct monitor_view *view)
{
    struct monitor_view *before;

    lock_take(&p->lock);
    before = p->view;
    p->view = view;
    lock_drop(&p->lock);
    view_unref(before);
}

struct monitor_view *publication_get(struct publication *p)
{
    struct monitor_view *view;

    lock_take(&p->lock);
    view = p->view ? view_ref(p->view) : NULL;
    lock_drop(&p->lock);
    return view;
}
