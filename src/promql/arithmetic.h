/* The operators between two numbers. */
#ifndef FUSEBOX_PROMQL_ARITHMETIC_H
#define FUSEBOX_PROMQL_ARITHMETIC_H

#include <math.h>

#include "promql/ast.h"

/* The value of arithmetic. A comparison's value is the left number, and false says that it does
 * not hold. */
static inline bool arithmetic(enum promql_operator op, double a, double b, double *ret)
{
    *ret = a;
    switch (op) {
    case PROMQL_ADD:
        *ret = a + b;
        return true;
    case PROMQL_SUBTRACT:
        *ret = a - b;
        return true;
    case PROMQL_MULTIPLY:
        *ret = a * b;
        return true;
    case PROMQL_DIVIDE:
        *ret = a / b;
        return true;
    case PROMQL_MODULO:
        *ret = fmod(a, b);
        return true;
    case PROMQL_POWER:
        *ret = pow(a, b);
        return true;
    case PROMQL_ATAN2:
        *ret = atan2(a, b);
        return true;
    case PROMQL_EQUAL:
        return a == b;
    case PROMQL_NOT_EQUAL:
        return a != b;
    case PROMQL_LESS:
        return a < b;
    case PROMQL_LESS_EQUAL:
        return a <= b;
    case PROMQL_GREATER:
        return a > b;
    case PROMQL_GREATER_EQUAL:
        return a >= b;
    case PROMQL_AND:
    case PROMQL_OR:
    case PROMQL_UNLESS:
        break;
    }
    return true;
}

#endif
