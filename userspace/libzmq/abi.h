/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The ABI of libzmq.so.5, once: 70 stable functions and 27 draft ones.
 *
 * Included several times with FN and FN_VOID defined to what is wanted of the
 * list: prototypes (shim.h), the exported functions (entry.c), the table of
 * the real library's functions (fallback.c), the linker's export list and the
 * check of the finished library (Makefile).
 *
 *	FN(return type, value returned on failure, name, parameters, arguments)
 *	FN_VOID(name, parameters, arguments)
 *
 * zmq_<name> is the exported function, zs_<name> this library's own one.
 */
/* Errors and version. */
FN(int, 0, errno, (void), ())
FN(const char *, NULL, strerror, (int num), (num))
FN_VOID(version, (int *major, int *minor, int *patch), (major, minor, patch))
FN(int, 0, has, (const char *capability), (capability))

/* Contexts. */
FN(void *, NULL, ctx_new, (void), ())
FN(int, -1, ctx_term, (void *ctx), (ctx))
FN(int, -1, ctx_shutdown, (void *ctx), (ctx))
FN(int, -1, ctx_set, (void *ctx, int option, int value), (ctx, option, value))
FN(int, -1, ctx_get, (void *ctx, int option), (ctx, option))
FN(void *, NULL, init, (int io_threads), (io_threads))
FN(int, -1, term, (void *ctx), (ctx))
FN(int, -1, ctx_destroy, (void *ctx), (ctx))

/* Messages. */
FN(int, -1, msg_init, (zmq_msg_t *msg), (msg))
FN(int, -1, msg_init_size, (zmq_msg_t *msg, size_t size), (msg, size))
FN(int, -1, msg_init_data,
   (zmq_msg_t *msg, void *data, size_t size, zmq_free_fn *ffn, void *hint),
   (msg, data, size, ffn, hint))
FN(int, -1, msg_send, (zmq_msg_t *msg, void *s, int flags), (msg, s, flags))
FN(int, -1, msg_recv, (zmq_msg_t *msg, void *s, int flags), (msg, s, flags))
FN(int, -1, msg_close, (zmq_msg_t *msg), (msg))
FN(int, -1, msg_move, (zmq_msg_t *dest, zmq_msg_t *src), (dest, src))
FN(int, -1, msg_copy, (zmq_msg_t *dest, zmq_msg_t *src), (dest, src))
FN(void *, NULL, msg_data, (zmq_msg_t *msg), (msg))
FN(size_t, 0, msg_size, (const zmq_msg_t *msg), (msg))
FN(int, 0, msg_more, (const zmq_msg_t *msg), (msg))
FN(int, -1, msg_get, (const zmq_msg_t *msg, int property), (msg, property))
FN(int, -1, msg_set, (zmq_msg_t *msg, int property, int value),
   (msg, property, value))
FN(const char *, NULL, msg_gets, (const zmq_msg_t *msg, const char *property),
   (msg, property))

/* Sockets. */
FN(void *, NULL, socket, (void *ctx, int type), (ctx, type))
FN(int, -1, close, (void *s), (s))
FN(int, -1, setsockopt,
   (void *s, int option, const void *value, size_t len),
   (s, option, value, len))
FN(int, -1, getsockopt, (void *s, int option, void *value, size_t *len),
   (s, option, value, len))
FN(int, -1, bind, (void *s, const char *addr), (s, addr))
FN(int, -1, connect, (void *s, const char *addr), (s, addr))
FN(int, -1, unbind, (void *s, const char *addr), (s, addr))
FN(int, -1, disconnect, (void *s, const char *addr), (s, addr))
FN(int, -1, send, (void *s, const void *buf, size_t len, int flags),
   (s, buf, len, flags))
FN(int, -1, send_const, (void *s, const void *buf, size_t len, int flags),
   (s, buf, len, flags))
FN(int, -1, recv, (void *s, void *buf, size_t len, int flags),
   (s, buf, len, flags))
FN(int, -1, sendmsg, (void *s, zmq_msg_t *msg, int flags), (s, msg, flags))
FN(int, -1, recvmsg, (void *s, zmq_msg_t *msg, int flags), (s, msg, flags))
FN(int, -1, sendiov, (void *s, struct iovec *iov, size_t count, int flags),
   (s, iov, count, flags))
FN(int, -1, recviov, (void *s, struct iovec *iov, size_t *count, int flags),
   (s, iov, count, flags))
FN(int, -1, socket_monitor, (void *s, const char *addr, int events),
   (s, addr, events))

/* Polling and proxies. */
FN(int, -1, poll, (zmq_pollitem_t *items, int count, long timeout),
   (items, count, timeout))
FN(int, -1, proxy, (void *frontend, void *backend, void *capture),
   (frontend, backend, capture))
FN(int, -1, proxy_steerable,
   (void *frontend, void *backend, void *capture, void *control),
   (frontend, backend, capture, control))
FN(int, -1, device, (int type, void *frontend, void *backend),
   (type, frontend, backend))

/* Keys and Z85. */
FN(char *, NULL, z85_encode, (char *dest, const uint8_t *data, size_t size),
   (dest, data, size))
FN(uint8_t *, NULL, z85_decode, (uint8_t *dest, const char *string),
   (dest, string))
FN(int, -1, curve_keypair, (char *public_key, char *secret_key),
   (public_key, secret_key))
FN(int, -1, curve_public, (char *public_key, const char *secret_key),
   (public_key, secret_key))

/* Helpers. */
FN(void *, NULL, atomic_counter_new, (void), ())
FN_VOID(atomic_counter_set, (void *counter, int value), (counter, value))
FN(int, 0, atomic_counter_inc, (void *counter), (counter))
FN(int, 0, atomic_counter_dec, (void *counter), (counter))
FN(int, 0, atomic_counter_value, (void *counter), (counter))
FN_VOID(atomic_counter_destroy, (void **counter), (counter))
FN(void *, NULL, timers_new, (void), ())
FN(int, -1, timers_destroy, (void **timers), (timers))
FN(int, -1, timers_add,
   (void *timers, size_t interval, zmq_timer_fn *handler, void *arg),
   (timers, interval, handler, arg))
FN(int, -1, timers_cancel, (void *timers, int id), (timers, id))
FN(int, -1, timers_set_interval, (void *timers, int id, size_t interval),
   (timers, id, interval))
FN(int, -1, timers_reset, (void *timers, int id), (timers, id))
FN(long, -1, timers_timeout, (void *timers), (timers))
FN(int, -1, timers_execute, (void *timers), (timers))
FN(void *, NULL, stopwatch_start, (void), ())
FN(unsigned long, 0, stopwatch_intermediate, (void *watch), (watch))
FN(unsigned long, 0, stopwatch_stop, (void *watch), (watch))
FN_VOID(sleep, (int seconds), (seconds))
FN(void *, NULL, threadstart, (zmq_thread_fn *fn, void *arg), (fn, arg))
FN_VOID(threadclose, (void *thread), (thread))

/* Draft functions: a Debian libzmq has none of them. */
FN(int, -1, ctx_set_ext,
   (void *ctx, int option, const void *value, size_t len),
   (ctx, option, value, len))
FN(int, -1, ctx_get_ext, (void *ctx, int option, void *value, size_t *len),
   (ctx, option, value, len))
FN(int, -1, join, (void *s, const char *group), (s, group))
FN(int, -1, leave, (void *s, const char *group), (s, group))
FN(uint32_t, 0, connect_peer, (void *s, const char *addr), (s, addr))
FN(int, -1, disconnect_peer, (void *s, uint32_t routing_id), (s, routing_id))
FN(int, -1, msg_set_routing_id, (zmq_msg_t *msg, uint32_t routing_id),
   (msg, routing_id))
FN(uint32_t, 0, msg_routing_id, (zmq_msg_t *msg), (msg))
FN(int, -1, msg_set_group, (zmq_msg_t *msg, const char *group), (msg, group))
FN(const char *, NULL, msg_group, (zmq_msg_t *msg), (msg))
FN(int, -1, msg_init_buffer,
   (zmq_msg_t *msg, const void *buf, size_t size), (msg, buf, size))
FN(void *, NULL, poller_new, (void), ())
FN(int, -1, poller_destroy, (void **poller), (poller))
FN(int, -1, poller_size, (void *poller), (poller))
FN(int, -1, poller_add,
   (void *poller, void *s, void *user_data, short events),
   (poller, s, user_data, events))
FN(int, -1, poller_modify, (void *poller, void *s, short events),
   (poller, s, events))
FN(int, -1, poller_remove, (void *poller, void *s), (poller, s))
FN(int, -1, poller_wait,
   (void *poller, zmq_poller_event_t *event, long timeout),
   (poller, event, timeout))
FN(int, -1, poller_wait_all,
   (void *poller, zmq_poller_event_t *events, int count, long timeout),
   (poller, events, count, timeout))
FN(int, -1, poller_fd, (void *poller, zmq_fd_t *fd), (poller, fd))
FN(int, -1, poller_add_fd,
   (void *poller, zmq_fd_t fd, void *user_data, short events),
   (poller, fd, user_data, events))
FN(int, -1, poller_modify_fd, (void *poller, zmq_fd_t fd, short events),
   (poller, fd, events))
FN(int, -1, poller_remove_fd, (void *poller, zmq_fd_t fd), (poller, fd))
FN(int, -1, socket_get_peer_state,
   (void *s, const void *routing_id, size_t size), (s, routing_id, size))
FN(int, -1, socket_monitor_versioned,
   (void *s, const char *addr, uint64_t events, int version, int type),
   (s, addr, events, version, type))
FN(int, -1, socket_monitor_pipes_stats, (void *s), (s))
FN(int, -1, ppoll,
   (zmq_pollitem_t *items, int count, long timeout, const void *sigmask),
   (items, count, timeout, sigmask))
