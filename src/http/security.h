/*
 * The headers that every answer of ours carries, whatever it says.
 *
 * Scripts, styles and connections come from here alone, nobody frames us, no type is guessed, no
 * address leaks, and the browser's devices are out of reach.
 *
 * Source    W3C Content Security Policy level 3; RFC 9110.
 */
#ifndef FUSEBOX_HTTP_SECURITY_H
#define FUSEBOX_HTTP_SECURITY_H

#define SECURITY_HEADERS(X)                                                                        \
    X("Content-Security-Policy",                                                                   \
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "            \
      "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "               \
      "frame-ancestors 'none'; require-trusted-types-for 'script'; "                               \
      "trusted-types fusebox-worker")                                                              \
    X("X-Content-Type-Options", "nosniff")                                                         \
    X("Referrer-Policy", "no-referrer")                                                            \
    X("Cross-Origin-Opener-Policy", "same-origin")                                                 \
    X("Cross-Origin-Resource-Policy", "same-origin")                                               \
    X("Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), "    \
                            "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "  \
                            "usb=()")

#endif
