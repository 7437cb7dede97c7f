/* Compiler attributes that the whole tree uses, by one name each. */
#ifndef FUSEBOX_BASE_ATTR_H
#define FUSEBOX_BASE_ATTR_H

#define MUST_CHECK                         __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))
#define UNUSED                             __attribute__((unused))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
